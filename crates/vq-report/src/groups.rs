//! Usage of the groups of codes.

use crate::{Entry, Point, RunContents};

/// A group of codes at one validation.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupUse {
    /// The group's name.
    pub group: String,
    /// Codes in the group.
    pub size: f64,
    /// Codes used at least once.
    pub used: f64,
    /// `exp` of the entropy of the histogram of ids.
    pub perplexity: f64,
}

impl GroupUse {
    /// Share of the codes that are used.
    pub fn share(&self) -> f64 {
        self.used / self.size
    }

    /// The groups of a validation record, in its order.
    pub fn all(entry: &Entry) -> Vec<Self> {
        let names = entry.figures.iter().filter_map(|figure| group_of(&figure.name, "size"));
        let figure = |group: &str, field: &str| entry.figure(&format!("groups/{group}/{field}")).unwrap_or(f64::NAN);
        let group = |group: &str| Self {
            group: group.into(),
            size: figure(group, "size"),
            used: figure(group, "used"),
            perplexity: figure(group, "perplexity"),
        };
        names.map(group).collect()
    }
}

/// The group in `groups/<group>/<field>`.
pub(crate) fn group_of<'a>(name: &'a str, field: &str) -> Option<&'a str> {
    name.strip_prefix("groups/")?.strip_suffix(field)?.strip_suffix('/')
}

/// The last validation's groups.
pub(crate) fn last(run: &RunContents) -> Vec<GroupUse> {
    run.log.last("validation").map(GroupUse::all).unwrap_or_default()
}

/// One value of one group over the steps, where it is finite.
pub(crate) fn curve(run: &RunContents, group: &str, value: impl Fn(&GroupUse) -> f64) -> Vec<Point> {
    let point = |entry: &Entry| {
        let value = GroupUse::all(entry).iter().find(|of| of.group == group).map(&value)?;
        value.is_finite().then_some(Point { step: entry.step, value })
    };
    run.log.standing("validation").into_iter().filter_map(point).collect()
}
