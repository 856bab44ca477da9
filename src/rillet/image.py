"""`tf.image`: images read, resized, cut, turned, recoloured, compared."""

from rillet.ops.box_batches import (
    combined_non_max_suppression as combined_non_max_suppression,
)
from rillet.ops.box_batches import (
    non_max_suppression_padded as non_max_suppression_padded,
)
from rillet.ops.boxes import draw_bounding_boxes as draw_bounding_boxes
from rillet.ops.boxes import non_max_suppression as non_max_suppression
from rillet.ops.boxes import (
    non_max_suppression_overlaps as non_max_suppression_overlaps,
)
from rillet.ops.boxes import (
    non_max_suppression_with_scores as non_max_suppression_with_scores,
)
from rillet.ops.crop_resize import crop_and_resize as crop_and_resize
from rillet.ops.distorted_boxes import (
    sample_distorted_bounding_box as sample_distorted_bounding_box,
)
from rillet.ops.distorted_boxes import (
    stateless_sample_distorted_bounding_box as stateless_sample_distorted_bounding_box,
)
from rillet.ops.glimpse import extract_glimpse as extract_glimpse
from rillet.ops.image_adjustments import adjust_brightness as adjust_brightness
from rillet.ops.image_adjustments import adjust_contrast as adjust_contrast
from rillet.ops.image_adjustments import adjust_gamma as adjust_gamma
from rillet.ops.image_adjustments import adjust_hue as adjust_hue
from rillet.ops.image_adjustments import adjust_saturation as adjust_saturation
from rillet.ops.image_adjustments import (
    per_image_standardization as per_image_standardization,
)
from rillet.ops.image_colors import grayscale_to_rgb as grayscale_to_rgb
from rillet.ops.image_colors import hsv_to_rgb as hsv_to_rgb
from rillet.ops.image_colors import rgb_to_grayscale as rgb_to_grayscale
from rillet.ops.image_colors import rgb_to_hsv as rgb_to_hsv
from rillet.ops.image_colors import rgb_to_yiq as rgb_to_yiq
from rillet.ops.image_colors import rgb_to_yuv as rgb_to_yuv
from rillet.ops.image_colors import yiq_to_rgb as yiq_to_rgb
from rillet.ops.image_colors import yuv_to_rgb as yuv_to_rgb
from rillet.ops.image_files import decode_bmp as decode_bmp
from rillet.ops.image_files import decode_gif as decode_gif
from rillet.ops.image_files import decode_image as decode_image
from rillet.ops.image_files import decode_png as decode_png
from rillet.ops.image_files import decode_webp as decode_webp
from rillet.ops.image_frames import central_crop as central_crop
from rillet.ops.image_frames import crop_to_bounding_box as crop_to_bounding_box
from rillet.ops.image_frames import flip_left_right as flip_left_right
from rillet.ops.image_frames import flip_up_down as flip_up_down
from rillet.ops.image_frames import pad_to_bounding_box as pad_to_bounding_box
from rillet.ops.image_frames import resize_with_crop_or_pad as resize_with_crop_or_pad
from rillet.ops.image_frames import rot90 as rot90
from rillet.ops.image_frames import transpose as transpose
from rillet.ops.image_quality import image_gradients as image_gradients
from rillet.ops.image_quality import psnr as psnr
from rillet.ops.image_quality import sobel_edges as sobel_edges
from rillet.ops.image_quality import ssim as ssim
from rillet.ops.image_quality import ssim_multiscale as ssim_multiscale
from rillet.ops.image_quality import total_variation as total_variation
from rillet.ops.image_random import random_brightness as random_brightness
from rillet.ops.image_random import random_contrast as random_contrast
from rillet.ops.image_random import random_crop as random_crop
from rillet.ops.image_random import random_flip_left_right as random_flip_left_right
from rillet.ops.image_random import random_flip_up_down as random_flip_up_down
from rillet.ops.image_random import random_hue as random_hue
from rillet.ops.image_random import random_saturation as random_saturation
from rillet.ops.image_random import (
    stateless_random_brightness as stateless_random_brightness,
)
from rillet.ops.image_random import (
    stateless_random_contrast as stateless_random_contrast,
)
from rillet.ops.image_random import stateless_random_crop as stateless_random_crop
from rillet.ops.image_random import (
    stateless_random_flip_left_right as stateless_random_flip_left_right,
)
from rillet.ops.image_random import (
    stateless_random_flip_up_down as stateless_random_flip_up_down,
)
from rillet.ops.image_random import stateless_random_hue as stateless_random_hue
from rillet.ops.image_random import (
    stateless_random_saturation as stateless_random_saturation,
)
from rillet.ops.image_types import convert_image_dtype as convert_image_dtype
from rillet.ops.image_writing import adjust_jpeg_quality as adjust_jpeg_quality
from rillet.ops.image_writing import encode_jpeg as encode_jpeg
from rillet.ops.image_writing import encode_png as encode_png
from rillet.ops.image_writing import random_jpeg_quality as random_jpeg_quality
from rillet.ops.image_writing import (
    stateless_random_jpeg_quality as stateless_random_jpeg_quality,
)
from rillet.ops.jpeg_files import decode_and_crop_jpeg as decode_and_crop_jpeg
from rillet.ops.jpeg_files import decode_jpeg as decode_jpeg
from rillet.ops.jpeg_files import extract_jpeg_shape as extract_jpeg_shape
from rillet.ops.jpeg_files import is_jpeg as is_jpeg
from rillet.ops.patches import extract_patches as extract_patches
from rillet.ops.resize import ResizeMethod as ResizeMethod
from rillet.ops.resize import resize as resize
from rillet.ops.resize import resize_with_pad as resize_with_pad
