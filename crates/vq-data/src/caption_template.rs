//! Captions made of class names.

use serde::{Deserialize, Serialize};

use crate::DataError;

/// The placeholder of the class.
const CLASS: &str = "{class}";

/// A caption with a placeholder for the class of an image, such as `a photo of a {class}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaptionTemplate(String);

impl CaptionTemplate {
    /// Checks a template.
    ///
    /// # Errors
    ///
    /// If it lacks `{class}`, or has braces around or beside anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, DataError> {
        let text = text.into();
        let sound = text.contains(CLASS) && !text.replace(CLASS, "").contains(['{', '}']);
        match sound {
            true => Ok(Self(text)),
            false => {
                let expected = "`{class}` in it, and no other braces";
                Err(DataError::unexpected("read a caption template", expected, format!("{text:?}")))
            }
        }
    }

    /// The caption of an image of this class; a `_` in the class name becomes a space.
    #[must_use]
    pub fn caption(&self, class: &str) -> String {
        self.0.replace(CLASS, &class.replace('_', " "))
    }
}

impl TryFrom<String> for CaptionTemplate {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        Self::new(text)
    }
}

impl From<CaptionTemplate> for String {
    fn from(template: CaptionTemplate) -> Self {
        template.0
    }
}
