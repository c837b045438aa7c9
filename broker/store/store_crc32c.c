/* CRC-32C, by the processor's instruction where there is one. */
#include "store/store_crc32c.h"

#include <pthread.h>
#include <string.h>

/* Its polynomial, the lowest bit first. */
#define POLYNOMIAL 0x82f63b78U

static uint32_t table[256];
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

static void crc32c_make_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
		table[byte] = crc;
	}
}

uint32_t store_crc32c_by_table(uint32_t crc, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;
	pthread_once(&table_made, crc32c_make_table);
	crc = ~crc;
	for (; size > 0; size--)
		crc = (crc >> 8) ^ table[(crc ^ *next++) & 0xff];
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc32c_by_instruction(uint32_t crc, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;
	uint64_t wide = ~crc, eight;
	for (; size >= sizeof eight; size -= sizeof eight, next += sizeof eight) {
		memcpy(&eight, next, sizeof eight);
		wide = __builtin_ia32_crc32di(wide, eight);
	}
	crc = (uint32_t)wide;
	for (; size > 0; size--)
		crc = __builtin_ia32_crc32qi(crc, *next++);
	return ~crc;
}

uint32_t store_crc32c(uint32_t crc, const void *bytes, size_t size)
{
	return __builtin_cpu_supports("sse4.2") ? crc32c_by_instruction(crc, bytes, size)
						: store_crc32c_by_table(crc, bytes, size);
}
#else
uint32_t store_crc32c(uint32_t crc, const void *bytes, size_t size)
{
	return store_crc32c_by_table(crc, bytes, size);
}
#endif
