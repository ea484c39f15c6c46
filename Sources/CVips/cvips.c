#include "cvips.h"

#include <string.h>
#include <vips/vips.h>

// An honest progressive JPEG has about ten scans; each one costs a pass over the whole picture.
static const int max_scans = 128;

static void quiet(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
    (void)domain;
    (void)level;
    (void)message;
    (void)data;
}

int rs_vips_start(void) {
    if (vips_init("redsteward") != 0) return -1;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    // Strangers' files must not write our log.
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, quiet, NULL);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignLoadJpegBuffer", FALSE);
    vips_operation_block_set("VipsForeignLoadPngBuffer", FALSE);
    vips_operation_block_set("VipsForeignLoadWebpBuffer", FALSE);
    vips_operation_block_set("VipsForeignLoadHeifBuffer", FALSE);
    return 0;
}

const char *rs_vips_version(void) { return vips_version_string(); }

int rs_vips_can_read(int kind) {
    switch (kind) {
    case RS_VIPS_JPEG: return vips_type_find("VipsForeignLoad", "jpegload_buffer") != 0;
    case RS_VIPS_PNG: return vips_type_find("VipsForeignLoad", "pngload_buffer") != 0;
    case RS_VIPS_WEBP: return vips_type_find("VipsForeignLoad", "webpload_buffer") != 0;
    case RS_VIPS_HEIC: return vips_type_find("VipsForeignLoad", "heifload_buffer") != 0;
    default: return 0;
    }
}

// Opens the header. `longest` is the longest side that is wanted, 0 for the size in the file; the loader may give up
// to that size or more.
static VipsImage *open_picture(const void *bytes, size_t count, int kind, int source_longest, int longest) {
    VipsImage *image = NULL;
    void *buffer = (void *)bytes; // libvips reads only
    int status = -1;
    int shrink = 1;
    double scale = 1.0;
    if (longest > 0) {
        while (shrink < 8 && source_longest / (shrink * 2) >= longest) shrink *= 2;
        if (source_longest > longest * 2) scale = (double)longest * 2 / source_longest;
    }
    switch (kind) {
    case RS_VIPS_JPEG:
        status = vips_jpegload_buffer(
            buffer, count, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, "shrink", shrink,
            NULL);
        break;
    case RS_VIPS_PNG:
        status = vips_pngload_buffer(
            buffer, count, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        break;
    case RS_VIPS_WEBP:
        status = vips_webpload_buffer(
            buffer, count, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, "scale", scale,
            NULL);
        break;
    case RS_VIPS_HEIC:
        status = vips_heifload_buffer(
            buffer, count, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        break;
    default: break;
    }
    if (status != 0) return NULL;
    return image;
}

static int longest_side(VipsImage *image) {
    int width = vips_image_get_width(image);
    int height = vips_image_get_height(image);
    return width > height ? width : height;
}

// Replaces `*image` by `*next`, unless the step that made it failed. Takes a pointer to `next` because C evaluates the
// arguments of a call in any order.
static int step(VipsImage **image, VipsImage **next, int status) {
    if (status != 0) return -1;
    g_object_unref(*image);
    *image = *next;
    *next = NULL;
    return 0;
}

// Whether a progressive JPEG asks for more passes than any honest file. Inside compressed data 0xFF is always followed
// by 0x00, so that counting the marker's bytes never counts too few.
static int too_many_scans(const unsigned char *bytes, size_t count) {
    const unsigned char *at = bytes;
    const unsigned char *end = bytes + count;
    int scans = 0;
    while (at < end && (at = memchr(at, 0xFF, (size_t)(end - at))) != NULL) {
        if (at + 1 < end && at[1] == 0xDA && ++scans > max_scans) return 1;
        at++;
    }
    return 0;
}

// An interlaced PNG cannot be read line by line; with 16 bits a band it would take half a gigabyte.
static int deep_and_interlaced(const unsigned char *bytes, size_t count) {
    return count > 28 && bytes[24] == 16 && bytes[28] != 0; // in IHDR
}

// 8 bits a band, and no alpha: what was transparent becomes white.
static int to_opaque_bytes(VipsImage **image) {
    VipsImage *next = NULL;
    if (vips_image_get_format(*image) != VIPS_FORMAT_UCHAR) {
        int grey = vips_image_get_bands(*image) < 3;
        int shift = vips_image_get_format(*image) == VIPS_FORMAT_USHORT;
        if (step(image, &next, vips_cast(*image, &next, VIPS_FORMAT_UCHAR, "shift", shift, NULL)) != 0) return -1;
        VipsInterpretation meaning = grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
        if (step(image, &next, vips_copy(*image, &next, "interpretation", meaning, NULL)) != 0) return -1;
    }
    if (vips_image_hasalpha(*image)) {
        double white[] = {255, 255, 255};
        VipsArrayDouble *background = vips_array_double_new(white, vips_image_get_bands(*image) < 3 ? 1 : 3);
        int status = vips_flatten(*image, &next, "background", background, NULL);
        vips_area_unref(VIPS_AREA(background));
        if (step(image, &next, status) != 0) return -1;
    }
    return 0;
}

// sRGB by the profile in the file, or by the plain meaning of its bands if it has none or a broken one.
static int to_srgb(VipsImage **image) {
    VipsImage *next = NULL;
    if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME) != 0) {
        if (vips_icc_transform(*image, &next, "srgb", "embedded", TRUE, "depth", 8, NULL) == 0)
            return step(image, &next, 0);
        vips_error_clear();
        next = NULL;
    }
    return step(image, &next, vips_colourspace(*image, &next, VIPS_INTERPRETATION_sRGB, NULL));
}

// Shrinks so that the longest side is `longest` at most. Never enlarges.
static int shrink_to(VipsImage **image, int longest) {
    int width = vips_image_get_width(*image);
    int height = vips_image_get_height(*image);
    double scale = (double)longest / longest_side(*image);
    if (scale >= 1) return 0;
    // A line of one pixel must not vanish.
    double horizontal = width * scale < 1 ? 1.0 / width : scale;
    double vertical = height * scale < 1 ? 1.0 / height : scale;
    VipsImage *next = NULL;
    return step(image, &next, vips_resize(*image, &next, horizontal, "vscale", vertical, NULL));
}

// The whole picture in memory, upright, three bands of sRGB.
static int decode(
    const void *bytes, size_t count, int kind, int source_longest, int longest, VipsImage **picture) {
    VipsImage *image = open_picture(bytes, count, kind, source_longest, longest);
    if (image == NULL) return -1;
    VipsImage *next = NULL;
    int status = -1;
    // The transform by profile comes after shrinking: fewer pixels. Turning comes last: it needs the whole picture.
    if (to_opaque_bytes(&image) == 0 && shrink_to(&image, longest) == 0 && to_srgb(&image) == 0) {
        next = vips_image_copy_memory(image);
        if (next != NULL && step(&image, &next, 0) == 0) {
            status = step(&image, &next, vips_autorot(image, &next, NULL));
        }
    }
    if (status == 0) {
        next = vips_image_copy_memory(image);
        status = next == NULL ? -1 : step(&image, &next, 0);
    }
    if (status == 0 && vips_image_get_bands(image) != 3) {
        vips_error("redsteward", "%d bands", vips_image_get_bands(image));
        status = -1;
    }
    if (status != 0) {
        g_object_unref(image);
        return -1;
    }
    *picture = image;
    return 0;
}

static int encode(VipsImage *image, int quality, rs_vips_jpeg *jpeg) {
    void *bytes = NULL;
    size_t count = 0;
    VipsImage *plain = NULL;
    // The density of the file's own pixels says something about the camera: 1 is nothing.
    if (vips_copy(image, &plain, "xres", 1.0, "yres", 1.0, NULL) != 0) return -1;
    int status = vips_jpegsave_buffer(
        plain, &bytes, &count, "Q", quality, "strip", TRUE, "optimize_coding", TRUE, "interlace", FALSE, NULL);
    g_object_unref(plain);
    if (status != 0) return -1;
    jpeg->bytes = bytes;
    jpeg->count = count;
    jpeg->width = vips_image_get_width(image);
    jpeg->height = vips_image_get_height(image);
    return 0;
}

static int encode_medium(VipsImage *image, const rs_vips_limits *limits, rs_vips_jpeg *jpeg) {
    VipsImage *medium = image;
    g_object_ref(medium);
    int status = shrink_to(&medium, limits->medium);
    if (status == 0) status = encode(medium, limits->quality, jpeg);
    g_object_unref(medium);
    return status;
}

// The part that draws the eye; the middle of a picture that is very long or already square.
static int encode_square(VipsImage *image, const rs_vips_limits *limits, rs_vips_jpeg *jpeg) {
    int width = vips_image_get_width(image);
    int height = vips_image_get_height(image);
    int shortest = width < height ? width : height;
    VipsImage *square = NULL;
    int status;
    if (longest_side(image) > shortest * 4) {
        VipsImage *middle = NULL;
        status = vips_extract_area(
            image, &middle, (width - shortest) / 2, (height - shortest) / 2, shortest, shortest, NULL);
        if (status == 0) {
            status = vips_thumbnail_image(
                middle, &square, limits->square, "height", limits->square, "size", VIPS_SIZE_FORCE, NULL);
            g_object_unref(middle);
        }
    } else {
        status = vips_thumbnail_image(
            image, &square, limits->square, "height", limits->square, "crop",
            width == height ? VIPS_INTERESTING_CENTRE : VIPS_INTERESTING_ATTENTION, NULL);
    }
    if (status != 0) return -1;
    status = encode(square, limits->quality, jpeg);
    g_object_unref(square);
    return status;
}

static void forget_errors(void) {
    vips_error_clear();
    vips_thread_shutdown(); // gives this thread's buffers back
}

int rs_vips_header(const void *bytes, size_t count, int kind, int *width, int *height) {
    if (!rs_vips_can_read(kind)) return RS_VIPS_UNSUPPORTED;
    VipsImage *image = open_picture(bytes, count, kind, 0, 0);
    if (image == NULL) {
        forget_errors();
        return RS_VIPS_HEADER;
    }
    *width = vips_image_get_width(image);
    *height = vips_image_get_height(image);
    g_object_unref(image);
    return RS_VIPS_OK;
}

int rs_vips_process(
    const void *bytes, size_t count, int kind, const rs_vips_limits *limits, rs_vips_result *result) {
    memset(result, 0, sizeof *result);
    int width = 0;
    int height = 0;
    int status = rs_vips_header(bytes, count, kind, &width, &height);
    if (status != RS_VIPS_OK) return status;
    if (width < 1 || height < 1) return RS_VIPS_HEADER;
    long long allowed = limits->max_pixels;
    if (kind == RS_VIPS_PNG && deep_and_interlaced(bytes, count)) allowed /= 2;
    if ((long long)width * height > allowed) return RS_VIPS_PIXELS;
    if (kind == RS_VIPS_JPEG && too_many_scans(bytes, count)) return RS_VIPS_DECODE;
    VipsImage *image = NULL;
    if (decode(bytes, count, kind, width > height ? width : height, limits->longest, &image) != 0) {
        forget_errors();
        return RS_VIPS_DECODE;
    }
    status = RS_VIPS_OK;
    if (encode(image, limits->quality, &result->picture) != 0 || encode_medium(image, limits, &result->medium) != 0
        || encode_square(image, limits, &result->square) != 0) {
        rs_vips_release(result);
        status = RS_VIPS_ENCODE;
    }
    g_object_unref(image);
    result->source_width = width;
    result->source_height = height;
    forget_errors();
    return status;
}

void rs_vips_release(rs_vips_result *result) {
    g_free(result->picture.bytes);
    g_free(result->medium.bytes);
    g_free(result->square.bytes);
    memset(result, 0, sizeof *result);
}

int rs_vips_pixel(const void *bytes, size_t count, int kind, int x, int y, unsigned char rgb[3]) {
    VipsImage *image = open_picture(bytes, count, kind, 0, 0);
    if (image == NULL) return -1;
    VipsImage *memory = vips_image_copy_memory(image);
    g_object_unref(image);
    if (memory == NULL) return -1;
    double *values = NULL;
    int bands = 0;
    int status = vips_getpoint(memory, &values, &bands, x, y, NULL);
    if (status == 0) {
        for (int band = 0; band < 3; band++) rgb[band] = (unsigned char)values[bands == 3 ? band : 0];
        g_free(values);
    }
    g_object_unref(memory);
    return status;
}

// Drawing of samples.

static VipsImage *drawn(const rs_vips_sample_shape *shape) {
    int bands = (shape->grey ? 1 : shape->cmyk ? 4 : 3) + (shape->alpha ? 1 : 0);
    size_t line = (size_t)shape->width * (size_t)bands;
    unsigned char *pixels = g_try_malloc(line * (size_t)shape->height);
    if (pixels == NULL) return NULL;
    unsigned int state = (unsigned int)shape->seed * 2654435761u + 1u;
    for (int y = 0; y < shape->height; y++) {
        unsigned char *at = pixels + line * (size_t)y;
        for (int x = 0; x < shape->width; x++) {
            state = state * 1664525u + 1013904223u;
            int noise = (int)((state >> 24) * (unsigned int)shape->noise / 100u);
            int corner = x < shape->width / 2 && y < shape->height / 2;
            int green = (int)((long long)x * 155 / shape->width) + noise;
            int blue = (int)((long long)y * 155 / shape->height) + noise;
            int values[5] = {corner ? 230 : 20, corner ? 20 : green, corner ? 20 : blue, 0, 0};
            if (shape->grey) values[0] = corner ? 230 : 40;
            for (int band = 0; band < bands; band++) {
                int value = shape->alpha && band == bands - 1 ? 128 : values[band];
                at[x * bands + band] = (unsigned char)(value > 255 ? 255 : value);
            }
        }
    }
    VipsImage *image =
        vips_image_new_from_memory_copy(pixels, line * (size_t)shape->height, shape->width, shape->height, bands,
            VIPS_FORMAT_UCHAR);
    g_free(pixels);
    if (image != NULL)
        image->Type = shape->grey   ? VIPS_INTERPRETATION_B_W
                      : shape->cmyk ? VIPS_INTERPRETATION_CMYK
                                    : VIPS_INTERPRETATION_sRGB;
    return image;
}

// What a phone writes: where and with what the picture was taken.
static void add_place(VipsImage *image) {
    static const char xmp[] =
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Make='REDSTEWARD'/></rdf:RDF></x:xmpmeta>";
    static const char iptc[] = "Photoshop 3.0\0" "8BIM\4\4\0\0\0\0\0\12\34\2\170\0\5SECRET";
    vips_image_set_string(image, "exif-ifd0-Make", "REDSTEWARD (REDSTEWARD, ASCII, 11 components, 11 bytes)");
    vips_image_set_string(image, "exif-ifd3-GPSLatitudeRef", "N (N, ASCII, 2 components, 2 bytes)");
    vips_image_set_string(image, "exif-ifd3-GPSLatitude", "36/1 37/1 0/1 (36, 37, 0, Rational, 3 components, 24 bytes)");
    vips_image_set_string(image, "exif-ifd3-GPSLongitude", "101/1 46/1 0/1 (101, 46, 0, Rational, 3 components, 24 bytes)");
    vips_image_set_blob_copy(image, VIPS_META_XMP_NAME, xmp, sizeof xmp - 1);
    vips_image_set_blob_copy(image, VIPS_META_IPTC_NAME, iptc, sizeof iptc - 1);
}

int rs_vips_sample(const rs_vips_sample_shape *shape, unsigned char **bytes, size_t *count) {
    if (shape->width < 1 || shape->height < 1) return -1;
    if ((long long)shape->width * shape->height > 100000000) return -1;
    VipsImage *image = drawn(shape);
    VipsImage *next = NULL;
    if (image == NULL) return -1;
    int status = 0;
    if (shape->deep) {
        status = step(&image, &next, vips_cast(image, &next, VIPS_FORMAT_USHORT, "shift", TRUE, NULL));
        if (status == 0) {
            VipsInterpretation meaning = shape->grey ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16;
            status = step(&image, &next, vips_copy(image, &next, "interpretation", meaning, NULL));
        }
    }
    if (status == 0) status = step(&image, &next, vips_copy(image, &next, NULL));
    if (status == 0 && shape->orientation > 0)
        vips_image_set_int(image, VIPS_META_ORIENTATION, shape->orientation);
    if (status == 0 && shape->place) add_place(image);
    const char *profile = shape->place && !shape->grey && !shape->cmyk ? "srgb" : NULL;
    void *out = NULL;
    if (status == 0) {
        switch (shape->kind) {
        case RS_VIPS_JPEG:
            status = vips_jpegsave_buffer(
                image, &out, count, "Q", 90, "interlace", shape->interlaced, "profile", profile, NULL);
            break;
        case RS_VIPS_PNG:
            status = vips_pngsave_buffer(image, &out, count, "interlace", shape->interlaced, "profile", profile, NULL);
            break;
        case RS_VIPS_WEBP: status = vips_webpsave_buffer(image, &out, count, "profile", profile, NULL); break;
        case RS_VIPS_HEIC:
            status = vips_heifsave_buffer(
                image, &out, count, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_HEVC, "effort", 0, NULL);
            break;
        default: status = -1; break;
        }
    }
    g_object_unref(image);
    *bytes = out;
    if (status != 0) forget_errors();
    return status;
}

void rs_vips_sample_release(unsigned char *bytes) { g_free(bytes); }
