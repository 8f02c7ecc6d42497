//! Generates the enum of all data sets from their list.

/// Generates `DatasetConfig` from lines of `"kind" => Variant(Config)`.
///
/// [`detect`](crate::DatasetConfig::detect) tries the layouts in the order of the lines.
macro_rules! datasets {
    ($($kind:literal => $variant:ident($config:ident),)+) => {
        /// The configuration of any known data set.
        ///
        /// ```toml
        /// kind = "cub"
        /// root = "data/CUB_200_2011"
        /// split = "train"
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum DatasetConfig {
            $(
                #[doc = concat!("`kind = \"", $kind, "\"`")]
                #[serde(rename = $kind)]
                $variant($config),
            )+
        }

        impl DatasetConfig {
            /// The values of `kind`.
            pub const KINDS: [&'static str; [$($kind),+].len()] = [$($kind),+];

            /// The names of the data sets, in the order of [`KINDS`](Self::KINDS), for help texts.
            pub const NAMES: [&'static str; [$($kind),+].len()] = [$(<$config as DatasetLayout>::NAME),+];

            /// The value of `kind`.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $kind,)+
                }
            }

            /// The folder of the data set.
            #[must_use]
            pub fn root(&self) -> &Path {
                match self {
                    $(Self::$variant(config) => &config.root,)+
                }
            }

            /// Opens the data set.
            ///
            /// # Errors
            ///
            /// Those of [`DatasetLayout::open`].
            pub fn open(&self) -> Result<Arc<dyn Listed>, DataError> {
                Ok(match self {
                    $(Self::$variant(config) => Arc::new(config.open()?),)+
                })
            }

            /// The configuration of the data set in a folder, recognized by the names of its files; `None` if the
            /// folder holds images and nothing else. The documentation of each configuration lists these files.
            ///
            /// Keys that the files do not decide have the defaults of [`of_kind`](Self::of_kind).
            ///
            /// # Errors
            ///
            /// If the folder is missing, is a file, cannot be read, or holds no image of any kind.
            pub fn detect(root: &Path) -> Result<Option<Self>, DataError> {
                DatasetDir { name: "data", root }.folder("", "images, or a data set")?;
                $(
                    if $config::detect(root)? {
                        return Ok(Some(Self::$variant($config::with_defaults(root)?)));
                    }
                )+
                let images = Listing::read(root)?.files;
                $(
                    if $config::detect_by_images(root, &images) {
                        return Ok(Some(Self::$variant($config::with_defaults(root)?)));
                    }
                )+
                Ok(None)
            }

            /// The data set of this kind in a folder, with the defaults of its configuration
            /// ([`DatasetLayout::with_defaults`]).
            ///
            /// # Errors
            ///
            /// If there is no such kind, which names the known ones, or the folder cannot be read.
            pub fn of_kind(kind: &str, root: &Path) -> Result<Self, DataError> {
                match kind {
                    $($kind => Ok(Self::$variant($config::with_defaults(root)?)),)+
                    _ => Err(DataError::unexpected("choose a data set", Self::KINDS.join(", "), kind)),
                }
            }
        }
    };
}

pub(crate) use datasets;
