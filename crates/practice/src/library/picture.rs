//! Pictures of exercises. What comes from outside is decoded and encoded anew: only what can be seen is kept.

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use std::io::Cursor;

/// Widest that a picture is kept, in pixels.
const MAX_WIDTH: u32 = 800;
/// Highest that a picture is kept, in pixels.
const MAX_HEIGHT: u32 = 1200;
/// Largest side, in pixels, of a picture that is read at all.
const MAX_READ_SIDE: u32 = 10_000;
/// Most memory, in bytes, that reading one picture may take: 10,000 × 10,000 is past it, a 48-megapixel photograph is not.
const MAX_READ_BYTES: u64 = 256 * 1024 * 1024;
/// JPEG quality, 1 to 100.
const QUALITY: u8 = 75;

/// How the bytes of a picture are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// A line figure of ours.
    Svg,
    /// A photograph.
    Jpeg,
}

impl PictureFormat {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// A picture as it is stored and served.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its format.
    pub format: PictureFormat,
    /// Width in pixels (of a drawing: its natural width).
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// SHA-256 of `bytes`.
    pub digest: [u8; 32],
    /// The file.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} {}x{}, {} bytes)", self.format.media_type(), self.width, self.height, self.bytes.len())
    }
}

/// Why a picture was refused.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is neither JPEG, PNG nor WebP.
    #[error("is neither JPEG, PNG nor WebP")]
    Format,
    /// It is too large to be read.
    #[error("is too large: at most 10,000 pixels a side and 256 MiB when unpacked")]
    TooLarge,
    /// It is damaged.
    #[error("is damaged")]
    Damaged(#[source] image::ImageError),
}

impl From<image::ImageError> for PictureError {
    fn from(error: image::ImageError) -> Self {
        match error {
            image::ImageError::Limits(_) => Self::TooLarge,
            image::ImageError::Unsupported(_) => Self::Format,
            other => Self::Damaged(other),
        }
    }
}

impl Picture {
    /// One of our own line figures.
    pub(super) fn drawing(svg: &str) -> Self {
        let bytes = svg.as_bytes().to_vec();
        let (width, height) = super::figure::SIZE;
        Self { format: PictureFormat::Svg, width, height, digest: crypto::sha256(&bytes), bytes }
    }

    /// Reads a JPEG, PNG or WebP from outside and makes a new JPEG of what it shows: at most 800 pixels wide and 1,200
    /// high, turned upright, see-through parts white. No byte of the file passes through, so no metadata does.
    pub fn reencoded(file: &[u8]) -> Result<Self, PictureError> {
        let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| PictureError::Format)?;
        if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
            return Err(PictureError::Format);
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_READ_SIDE);
        limits.max_image_height = Some(MAX_READ_SIDE);
        limits.max_alloc = Some(MAX_READ_BYTES);
        reader.limits(limits);
        let mut decoder = reader.into_decoder()?;
        if decoder.total_bytes() > MAX_READ_BYTES {
            return Err(PictureError::TooLarge);
        }
        let orientation = decoder.orientation()?;
        let mut shown = DynamicImage::from_decoder(decoder)?;
        shown.apply_orientation(orientation);
        if shown.width() > MAX_WIDTH || shown.height() > MAX_HEIGHT {
            shown = shown.resize(MAX_WIDTH, MAX_HEIGHT, FilterType::CatmullRom);
        }
        let shown = on_white(shown);
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&shown)?;
        Ok(Self {
            format: PictureFormat::Jpeg,
            width: shown.width(),
            height: shown.height(),
            digest: crypto::sha256(&bytes),
            bytes,
        })
    }
}

/// JPEG knows no see-through: without this, such parts would turn black.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [r, g, b, alpha] = image.get_pixel(x, y).0;
        let over = |color: u8| {
            let mixed = u16::from(color) * u16::from(alpha) + 255 * u16::from(255 - alpha);
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, Rgba, RgbaImage};

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let image = RgbImage::from_fn(width, height, |x, _| Rgb([u8::try_from(x % 256).unwrap_or(0), 90, 40]));
        JpegEncoder::new(&mut bytes).encode_image(&image).expect("encoded");
        bytes
    }

    /// The JPEG with a segment put in after its first marker.
    fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).expect("short");
        [&jpeg[..2], &[0xff, marker], &length.to_be_bytes(), content, &jpeg[2..]].concat()
    }

    fn holds(bytes: &[u8], needle: &[u8]) -> bool {
        bytes.windows(needle.len()).any(|window| window == needle)
    }

    /// An Exif block with one directory: the orientation, and a GPS text in the space behind it.
    fn exif(orientation: u16) -> Vec<u8> {
        let mut block = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        block.extend(orientation.to_le_bytes());
        block.extend([0; 6]);
        block.extend(b"GPS 52.5200N 13.4050E");
        block
    }

    #[test]
    fn metadata_and_trailing_bytes_do_not_pass() {
        let mut file = with_segment(&jpeg(60, 40), 0xe1, &exif(1));
        file = with_segment(&file, 0xfe, b"taken by somebody");
        file.extend(b"PK trailing archive");
        for needle in [&b"GPS 52.5200N"[..], b"somebody", b"trailing"] {
            assert!(holds(&file, needle), "the fixture holds it");
        }
        let picture = Picture::reencoded(&file).expect("read");
        for needle in [&b"GPS"[..], b"Exif", b"somebody", b"trailing", b"PK "] {
            assert!(!holds(&picture.bytes, needle));
        }
        assert_eq!((picture.width, picture.height), (60, 40));
        assert_eq!(picture.digest, crypto::sha256(&picture.bytes));
    }

    #[test]
    fn a_picture_that_was_taken_sideways_is_turned_upright() {
        let picture = Picture::reencoded(&with_segment(&jpeg(60, 40), 0xe1, &exif(6))).expect("read");
        assert_eq!((picture.width, picture.height), (40, 60));
    }

    #[test]
    fn a_wide_picture_shrinks_and_keeps_its_shape() {
        let picture = Picture::reencoded(&jpeg(1600, 900)).expect("read");
        assert_eq!((picture.width, picture.height), (800, 450));
        assert_eq!(Picture::reencoded(&jpeg(300, 200)).expect("read").width, 300, "a small one is not blown up");
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        // The size stands in the frame header: 0xffc0, length, precision, height, width.
        let mut bomb = jpeg(16, 16);
        let frame = bomb.windows(2).position(|window| window == [0xff, 0xc0]).expect("frame header");
        bomb[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
        assert!(matches!(Picture::reencoded(&bomb), Err(PictureError::TooLarge)));
        bomb[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
        assert!(
            matches!(Picture::reencoded(&bomb), Err(PictureError::TooLarge)),
            "10,000 x 10,000 is too much as well"
        );
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(matches!(Picture::reencoded(b"<svg onload=alert(1)>"), Err(PictureError::Format)));
        assert!(matches!(Picture::reencoded(b""), Err(PictureError::Format)));
        assert!(matches!(Picture::reencoded(&jpeg(60, 40)[..40]), Err(PictureError::Damaged(_))));
    }

    #[test]
    fn see_through_becomes_white() {
        let mut png = Cursor::new(Vec::new());
        RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])).write_to(&mut png, ImageFormat::Png).expect("encoded");
        let picture = Picture::reencoded(png.get_ref()).expect("read");
        let shown = image::load_from_memory(&picture.bytes).expect("jpeg").into_rgb8();
        assert!(shown.get_pixel(4, 4).0.iter().all(|channel| *channel > 250));
    }
}
