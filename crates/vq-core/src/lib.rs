//! Vector quantizers with one contract: codes, ids and loss out, and ids that decode back.
