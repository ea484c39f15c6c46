#include "cvips.h"
#include <vips/vips.h>
int rs_vips_start(void) { return vips_init("redsteward"); }
