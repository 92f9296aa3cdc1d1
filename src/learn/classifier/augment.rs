//! How training images are changed: moved, turned, brightened, and mixed in pairs.

use crate::data::depth::{Pixel, by_depth};
use crate::data::{Raster, random};
use crate::learn::LearnError;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::Beta;

/// The most that images are changed by; the default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Augmentation {
    /// Most that an image is moved along each axis, as a share of its side.
    pub shift: f64,
    /// Most that it is turned either way, in degrees.
    pub rotation: f64,
    /// Most that the factor of its brightness differs from 1.
    pub brightness: f64,
    /// α of the beta distribution of mixing factors; 0 mixes nothing.
    pub mixup: f64,
}

/// One image as it is shown: mirrored, then turned about its centre, then moved, then brightened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Its position in the fold.
    pub image: usize,
    /// Whether left and right change places.
    pub mirrored: bool,
    /// Degrees by which it is turned, against the clock.
    pub angle: f64,
    /// Pixels by which it is moved to the right and down.
    pub shift: [i32; 2],
    /// Factor of its values.
    pub brightness: f64,
}

/// What stands at one place of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// The image.
    pub view: View,
    /// Another image of the epoch and the share λ of the first, where they are mixed.
    pub mixed: Option<(View, f32)>,
}

impl View {
    /// An image as it is.
    pub fn plain(image: usize) -> View {
        View { image, mirrored: false, angle: 0.0, shift: [0, 0], brightness: 1.0 }
    }

    /// The view of an image, `[channels, side, side]`, the same for all channels. Values between
    /// pixels are interpolated linearly, the pixels at the edge go on beyond it, and values are
    /// rounded to the nearest level.
    pub fn of(&self, image: &[u8], raster: Raster) -> Vec<u8> {
        let of_plane = |plane: &[u8]| {
            by_depth!(raster.depth, P => {
                P::into_bytes(self.of_pixels(P::of_bytes(plane).to_vec(), raster.side))
            })
        };
        raster.planes(image).flat_map(of_plane).collect()
    }

    fn of_pixels<P: Pixel>(&self, mut pixels: Vec<P>, side: usize) -> Vec<P> {
        if self.mirrored {
            pixels.chunks_mut(side).for_each(<[P]>::reverse);
        }
        if self.angle != 0.0 || self.shift != [0, 0] {
            pixels = self.moved(&pixels, side);
        }
        if self.brightness != 1.0 {
            for pixel in &mut pixels {
                *pixel = nearest(f64::from(pixel.level()) * self.brightness);
            }
        }
        pixels
    }

    fn moved<P: Pixel>(&self, pixels: &[P], side: usize) -> Vec<P> {
        let (sine, cosine) = self.angle.to_radians().sin_cos();
        let centre = (side as f64 - 1.0) / 2.0;
        let [right, down] = self.shift.map(f64::from);
        let mut moved = Vec::with_capacity(pixels.len());
        for row in 0..side {
            for column in 0..side {
                // Where the pixel comes from; rows count downwards.
                let (x, y) = (column as f64 - centre - right, row as f64 - centre - down);
                let (x, y) = (x * cosine - y * sine, x * sine + y * cosine);
                moved.push(nearest(between(pixels, side, x + centre, y + centre)));
            }
        }
        moved
    }
}

/// The value at a place between pixels.
fn between<P: Pixel>(pixels: &[P], side: usize, x: f64, y: f64) -> f64 {
    let (x, y) = (x.clamp(0.0, side as f64 - 1.0), y.clamp(0.0, side as f64 - 1.0));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(side - 1), (top + 1).min(side - 1));
    let (across, down) = (x - left as f64, y - top as f64);
    let at = |row: usize, column: usize| f64::from(pixels[row * side + column].level());
    let upper = at(top, left) * (1.0 - across) + at(top, right) * across;
    let lower = at(bottom, left) * (1.0 - across) + at(bottom, right) * across;
    upper * (1.0 - down) + lower * down
}

fn nearest<P: Pixel>(value: f64) -> P {
    P::from_level(value.round().clamp(0.0, f64::from(P::DEPTH.white())) as u16)
}

impl Augmentation {
    /// Changes the views of one epoch of squares of `side` pixels. Each kind of change has a stream of
    /// its own, which is a function of seed and epoch.
    ///
    /// # Errors
    /// A number that its distribution does not have.
    pub(super) fn apply(
        &self,
        mut views: Vec<View>,
        side: usize,
        seed: u64,
        epoch: u64,
    ) -> Result<Vec<Shown>, LearnError> {
        let stream = |purpose: &str| {
            let mut stream = random::stream(seed, purpose);
            stream.set_stream(epoch);
            stream
        };
        let most = (self.shift * side as f64).round() as i32;
        if most > 0 {
            let mut stream = stream("classifier/shift");
            for view in &mut views {
                view.shift = [(); 2].map(|()| stream.random_range(-most..=most));
            }
        }
        if self.rotation > 0.0 {
            let mut stream = stream("classifier/rotation");
            for view in &mut views {
                view.angle = stream.random_range(-self.rotation..=self.rotation);
            }
        }
        if self.brightness > 0.0 {
            let mut stream = stream("classifier/brightness");
            for view in &mut views {
                view.brightness = 1.0 + stream.random_range(-self.brightness..=self.brightness);
            }
        }
        if self.mixup > 0.0 {
            return mixed(&views, self.mixup, &mut stream("classifier/mixup"));
        }
        Ok(views.into_iter().map(|view| Shown { view, mixed: None }).collect())
    }
}

/// Pairs every view with one of the epoch, by a shuffle, and draws the pair's λ from Beta(α, α)
/// (Zhang et al., *mixup: Beyond Empirical Risk Minimization*, 2018).
fn mixed(views: &[View], alpha: f64, random: &mut impl Rng) -> Result<Vec<Shown>, LearnError> {
    let factors = Beta::new(alpha, alpha)
        .map_err(|error| LearnError::Configuration(format!("`mixup` is {alpha}: {error}")))?;
    let mut others: Vec<View> = views.to_vec();
    others.shuffle(random);
    let pairs = views.iter().zip(others);
    Ok(pairs
        .map(|(&view, other)| Shown { view, mixed: Some((other, random.sample(factors) as f32)) })
        .collect())
}
