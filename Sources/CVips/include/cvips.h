#ifndef CVIPS_H
#define CVIPS_H

#include <stddef.h>

// libvips has a variadic API that Swift cannot call; these few functions are all that the product uses of it.

// The kinds of files that may be read. Every other loader is blocked when the library starts.
enum {
    RS_VIPS_JPEG = 1,
    RS_VIPS_PNG = 2,
    RS_VIPS_WEBP = 3,
    RS_VIPS_HEIC = 4,
};

// What a call came to.
enum {
    RS_VIPS_OK = 0,
    RS_VIPS_HEADER = 1,      // the header cannot be read
    RS_VIPS_PIXELS = 2,      // the header claims more pixels than allowed
    RS_VIPS_DECODE = 3,      // the content is damaged or cut short
    RS_VIPS_ENCODE = 4,      // our own side failed
    RS_VIPS_UNSUPPORTED = 5, // this machine's libvips has no loader for the kind
};

typedef struct {
    long long max_pixels; // width times height in the header
    int longest;          // of the picture
    int medium;           // longest side of the larger thumbnail
    int square;           // side of the square thumbnail
    int quality;          // of the JPEGs, 1 to 100
} rs_vips_limits;

typedef struct {
    unsigned char *bytes; // freed by rs_vips_release
    size_t count;
    int width;
    int height;
} rs_vips_jpeg;

typedef struct {
    int source_width;
    int source_height;
    rs_vips_jpeg picture;
    rs_vips_jpeg medium;
    rs_vips_jpeg square;
} rs_vips_result;

// Starts libvips once for the process: one thread for each pipeline, no cache, no loader but the allowed ones.
// Not thread-safe: call it once, before anything else. Returns 0 or -1.
int rs_vips_start(void);

// Whether this machine's libvips can read the kind.
int rs_vips_can_read(int kind);

// The size in the header, nothing decoded. Thread-safe.
int rs_vips_header(const void *bytes, size_t count, int kind, int *width, int *height);

// Decodes, turns upright, converts to sRGB, makes three JPEGs without metadata. Thread-safe. Fills `result` only when
// it returns RS_VIPS_OK; then the caller releases it.
int rs_vips_process(
    const void *bytes, size_t count, int kind, const rs_vips_limits *limits, rs_vips_result *result);
void rs_vips_release(rs_vips_result *result);

// What a drawn sample looks like; for demo data and tests.
typedef struct {
    int kind;         // RS_VIPS_JPEG, RS_VIPS_PNG, RS_VIPS_WEBP or RS_VIPS_HEIC
    int width;
    int height;
    int seed;
    int orientation;  // EXIF 1 to 8, or 0 for no EXIF at all
    int place;        // with a GPS position, XMP, IPTC and an sRGB profile
    int grey;         // one band instead of three
    int alpha;        // a half transparent fourth band; not for JPEG
    int deep;         // 16 bits a band; PNG only
    int cmyk;         // JPEG only
    int interlaced;   // progressive JPEG or interlaced PNG
    int noise;        // strength of the noise, 0 to 100: makes files as large as photos are
} rs_vips_sample_shape;

// Draws a picture whose upper left quarter is red and whose rest is green and blue slopes with noise. The bytes are
// freed by rs_vips_sample_release.
int rs_vips_sample(const rs_vips_sample_shape *shape, unsigned char **bytes, size_t *count);
void rs_vips_sample_release(unsigned char *bytes);

// One pixel of a picture that this library can read, after decoding as it lies in the file: for tests.
int rs_vips_pixel(const void *bytes, size_t count, int kind, int x, int y, unsigned char rgb[3]);

// The version of libvips at run time, such as 8.14.1.
const char *rs_vips_version(void);

#endif
