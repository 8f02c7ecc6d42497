//! The transfer network against dense algebra and PyTorch Geometric.

mod adjacency;
mod golden;
mod transfer_net;
