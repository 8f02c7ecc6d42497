//! Laws of quantizers, and references to hold them against.

mod device;
mod grouped;
mod nearest;
mod outside;
mod search;
mod support;
mod usage;
