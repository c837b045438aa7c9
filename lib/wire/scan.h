#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packed protobuf, read from its begin; nothing is read behind its end. */
struct scan {
	const uint8_t *next;
	size_t left;
};

enum { WIRE_VARINT = 0, WIRE_64_BITS = 1, WIRE_BYTES = 2, WIRE_32_BITS = 5 };

/* Pass over so many bytes. These return false when there are not enough. */
static inline bool scan_skip(struct scan *scan, uint64_t size)
{
	if (size > scan->left)
		return false;
	scan->next += size;
	scan->left -= (size_t)size;
	return true;
}

static inline bool scan_varint(struct scan *scan, uint64_t *number)
{
	*number = 0;
	for (unsigned shift = 0; shift < 64 && scan->left > 0; shift += 7) {
		uint8_t byte = *scan->next;
		scan_skip(scan, 1);
		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* A length, and so many bytes as a scan of their own. */
static inline bool scan_bytes(struct scan *scan, struct scan *bytes)
{
	uint64_t size;
	if (!scan_varint(scan, &size))
		return false;
	const uint8_t *start = scan->next;
	if (!scan_skip(scan, size))
		return false;
	*bytes = (struct scan){ start, (size_t)size };
	return true;
}

#endif
