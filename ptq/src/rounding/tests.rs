//! Rounding of whole layers.
