#ifndef CVIPS_H
#define CVIPS_H
int rs_vips_start(void);
#endif
