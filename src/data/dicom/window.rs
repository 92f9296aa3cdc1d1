//! Windows: which part of the modality values is shown (DICOM PS3.3, C.11.2).

/// What is shown of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// The first window that the file names; without one, its whole range.
    File,
    /// From the image's least value to its greatest.
    Full,
    /// A window of one's own, linear, in units of the modality (Hounsfield units for CT).
    Fixed {
        /// Its middle.
        centre: f64,
        /// Its width, at least 1.
        width: f64,
    },
}

/// How values between black and white are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `LINEAR`, the standard's default, which counts in whole values (C.11.2.1.2.1).
    Linear,
    /// `LINEAR_EXACT` (C.11.2.1.3.2).
    LinearExact,
    /// `SIGMOID` (C.11.2.1.3.1).
    Sigmoid,
}

impl Shape {
    /// A value seen through a window, from 0 (black) to 255 (white).
    pub fn apply(self, value: f64, centre: f64, width: f64) -> f64 {
        let share = match self {
            // A window that is one value wide has nothing between black and white.
            Shape::Linear if width <= 1.0 => f64::from(value > centre - 0.5),
            Shape::Linear => (value - (centre - 0.5)) / (width - 1.0) + 0.5,
            Shape::LinearExact => (value - centre) / width + 0.5,
            Shape::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - centre) / width).exp()),
        };
        255.0 * share.clamp(0.0, 1.0)
    }
}
