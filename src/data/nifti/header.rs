//! The header of a NIfTI-1 or NIfTI-2 file: shape, sample type, scaling and orientation.
//!
//! Offsets are those of nifti1.h and nifti2.h. Fields that are not needed are not read. The `nifti`
//! crate knows NIfTI-1 alone and reserves what memory a header asks for before it has seen a voxel.

/// The most voxels of one volume: 2 GiB once they are numbers.
const MOST_VOXELS: u64 = 1 << 29;

/// Bytes of the larger of both headers.
pub(super) const LARGEST: usize = 540;

/// How a voxel is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    U8,
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Sample {
    fn from_code(code: i64) -> Result<Sample, String> {
        Ok(match code {
            2 => Sample::U8,
            4 => Sample::I16,
            8 => Sample::I32,
            16 => Sample::F32,
            64 => Sample::F64,
            256 => Sample::I8,
            512 => Sample::U16,
            768 => Sample::U32,
            1024 => Sample::I64,
            1280 => Sample::U64,
            32 | 1792 => return Err("its voxels are complex numbers".to_owned()),
            128 | 2304 => return Err("its voxels are colours".to_owned()),
            other => return Err(format!("its voxels are of the unknown type {other}")),
        })
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Sample::U8 | Sample::I8 => 1,
            Sample::I16 | Sample::U16 => 2,
            Sample::I32 | Sample::U32 | Sample::F32 => 4,
            Sample::I64 | Sample::U64 | Sample::F64 => 8,
        }
    }

    /// The number in as many bytes as one has.
    pub(super) fn value(self, bytes: &[u8], is_big: bool) -> f32 {
        let mut eight = [0; 8];
        for (place, &byte) in bytes.iter().enumerate() {
            eight[if is_big { bytes.len() - 1 - place } else { place }] = byte;
        }
        let whole = u64::from_le_bytes(eight);
        match self {
            Sample::U8 | Sample::U16 | Sample::U32 | Sample::U64 => whole as f32,
            Sample::I8 => f32::from(whole as i8),
            Sample::I16 => f32::from(whole as i16),
            Sample::I32 => whole as i32 as f32,
            Sample::I64 => whole as i64 as f32,
            Sample::F32 => f32::from_bits(whole as u32),
            Sample::F64 => f64::from_bits(whole) as f32,
        }
    }
}

/// What is needed of a header.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    /// Voxels along the three axes, the first of which changes fastest.
    pub(super) shape: [usize; 3],
    /// Volumes, one behind the other.
    pub(super) volumes: usize,
    pub(super) sample: Sample,
    pub(super) is_big: bool,
    /// Where the voxels begin.
    pub(super) offset: u64,
    /// Value = slope × sample + intercept.
    pub(super) slope: f32,
    pub(super) intercept: f32,
    /// For each direction of the patient (right, anterior, superior) its share of a step along each
    /// of the three axes.
    pub(super) directions: [[f64; 3]; 3],
}

/// Reads numbers at offsets.
struct Fields<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes[at..at + N]);
        if self.is_big {
            bytes.reverse();
        }
        bytes
    }

    fn i16(&self, at: usize) -> i64 {
        i64::from(i16::from_le_bytes(self.array(at)))
    }

    fn i32(&self, at: usize) -> i64 {
        i64::from(i32::from_le_bytes(self.array(at)))
    }

    fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.array(at))
    }

    fn f32(&self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.array(at)))
    }

    fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.array(at))
    }
}

/// Fields of either version in one form.
struct Raw {
    dim: [i64; 8],
    code: i64,
    offset: f64,
    slope: f64,
    intercept: f64,
    pixdim: [f64; 8],
    qform: i64,
    sform: i64,
    quaternion: [f64; 3],
    rows: [[f64; 3]; 3],
}

impl Header {
    /// From a file's first bytes.
    ///
    /// # Errors
    /// It is no NIfTI file, or of a kind that is not read.
    pub(super) fn parse(bytes: &[u8]) -> Result<Header, String> {
        let size = |is_big| Fields { bytes, is_big }.i32(0);
        let wrong = || Err("it is no NIfTI file".to_owned());
        if bytes.len() < 348 {
            return wrong();
        }
        let is_big = matches!(size(true), 348 | 540);
        let fields = Fields { bytes, is_big };
        let raw = match size(is_big) {
            348 if bytes[344..348] == *b"n+1\0" => first(&fields),
            348 if bytes[344..348] == *b"ni1\0" => {
                return Err("its voxels are in a file of their own".to_owned());
            }
            540 if bytes.len() >= LARGEST && bytes[4..8] == *b"n+2\0" => second(&fields),
            _ => return wrong(),
        };
        raw.header(is_big)
    }

    /// Bytes of one volume.
    pub(super) fn size(&self) -> u64 {
        self.shape.iter().product::<usize>() as u64 * self.sample.bytes() as u64
    }
}

fn first(fields: &Fields<'_>) -> Raw {
    let row = |at: usize| [0, 1, 2].map(|column| fields.f32(at + 4 * column));
    Raw {
        dim: std::array::from_fn(|place| fields.i16(40 + 2 * place)),
        code: fields.i16(70),
        offset: fields.f32(108),
        slope: fields.f32(112),
        intercept: fields.f32(116),
        pixdim: std::array::from_fn(|place| fields.f32(76 + 4 * place)),
        qform: fields.i16(252),
        sform: fields.i16(254),
        quaternion: row(256),
        rows: [row(280), row(296), row(312)],
    }
}

fn second(fields: &Fields<'_>) -> Raw {
    let row = |at: usize| [0, 1, 2].map(|column| fields.f64(at + 8 * column));
    Raw {
        dim: std::array::from_fn(|place| fields.i64(16 + 8 * place)),
        code: fields.i16(12),
        offset: fields.i64(168) as f64,
        slope: fields.f64(176),
        intercept: fields.f64(184),
        pixdim: std::array::from_fn(|place| fields.f64(104 + 8 * place)),
        qform: fields.i32(344),
        sform: fields.i32(348),
        quaternion: row(352),
        rows: [row(400), row(432), row(464)],
    }
}

impl Raw {
    fn header(&self, is_big: bool) -> Result<Header, String> {
        let (shape, volumes) = self.shape()?;
        if !(0.0..=1e12).contains(&self.offset) {
            return Err(format!("its voxels begin at {}", self.offset));
        }
        // A slope of zero means that there is none.
        let is_scaled = self.slope != 0.0 && self.slope.is_finite() && self.intercept.is_finite();
        Ok(Header {
            shape,
            volumes,
            sample: Sample::from_code(self.code)?,
            is_big,
            offset: self.offset as u64,
            slope: if is_scaled { self.slope as f32 } else { 1.0 },
            intercept: if is_scaled { self.intercept as f32 } else { 0.0 },
            directions: self.directions(),
        })
    }

    fn shape(&self) -> Result<([usize; 3], usize), String> {
        let rank = self.dim[0];
        let sides: Vec<i64> = match usize::try_from(rank) {
            Ok(rank @ 2..=7) => self.dim[1..=rank].to_vec(),
            _ => return Err(format!("it has {rank} dimensions; two to seven are read")),
        };
        let shown = || sides.iter().map(i64::to_string).collect::<Vec<_>>().join(" × ");
        if sides.iter().any(|&side| side < 1) {
            return Err(format!("its sides are {}", shown()));
        }
        let side = |place: usize| sides.get(place).copied().unwrap_or(1).unsigned_abs();
        let voxels = side(0).saturating_mul(side(1)).saturating_mul(side(2));
        if voxels > MOST_VOXELS {
            return Err(format!("it has {} voxels, more than a volume may", shown()));
        }
        let volumes = sides.iter().skip(3).fold(1_u64, |all, &n| all.saturating_mul(n as u64));
        let shape = [side(0), side(1), side(2)].map(|side| side as usize);
        Ok((shape, usize::try_from(volumes).unwrap_or(usize::MAX)))
    }

    /// By the standard's methods 3 (sform), 2 (qform) and 1.
    fn directions(&self) -> [[f64; 3]; 3] {
        if self.sform > 0 {
            return self.rows;
        }
        if self.qform <= 0 {
            return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        }
        let [b, c, d] = self.quaternion;
        let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
        let turn = if self.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
        [
            [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), turn * 2.0 * (b * d + a * c)],
            [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, turn * 2.0 * (c * d - a * b)],
            [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), turn * (a * a + d * d - b * b - c * c)],
        ]
    }
}
