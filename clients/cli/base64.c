/* Encoding bytes as base64, for JSON. */
#include "cli/base64.h"

#include <stdint.h>
#include <stdlib.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Up to three bytes become four characters; '=' stands for those that are not
 * there. */
static char *encode_group(char *out, const uint8_t *bytes, size_t count)
{
	uint32_t bits = (uint32_t)bytes[0] << 16;
	bits |= count > 1 ? (uint32_t)bytes[1] << 8 : 0;
	bits |= count > 2 ? bytes[2] : 0;
	for (size_t i = 0; i < 4; i++)
		*out++ = i <= count ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
	return out;
}

char *base64_encode(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	char *text = malloc((size / 3 + 1) * 4 + 1);
	char *out = text;
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < size; i += 3)
		out = encode_group(out, bytes + i, size - i < 3 ? size - i : 3);
	*out = '\0';
	return text;
}
