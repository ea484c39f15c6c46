/* The header is included by CVips alone: libvips has a variadic API that Swift cannot call. */
