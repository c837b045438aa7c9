#ifndef STORE_STORE_CRC32C_H
#define STORE_STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * The checksum of what is on disk: CRC-32C (Castagnoli), as of iSCSI, ext4 and others. It finds
 * every error of up to 32 bits in a row.
 */

/* Of the bytes that `crc` stands for, and these behind them; `crc` is 0 at the start. */
uint32_t store_crc32c(uint32_t crc, const void *bytes, size_t size);

/* The same where the processor has no instruction for it. */
uint32_t store_crc32c_by_table(uint32_t crc, const void *bytes, size_t size);

#endif
