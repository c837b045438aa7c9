/* Where a session, a listener or a worker has its key from. */
#include "session/key_source.h"

#include "base/mutant.h"

#include <stdlib.h>

static bool key_source_has_bytes(const struct key_source *source)
{
	return source->bytes.data != NULL || source->bytes.size > 0;
}

int key_source_check(const struct key_source *source, struct error *error)
{
	if (!key_source_has_bytes(source))
		return RELEVO_OK;
	if (source->file != NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the options have a key and a key file, \"%s\": one is needed",
				 source->file);
	if (source->bytes.data == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the options have a key of %zu bytes, which are missing",
				 source->bytes.size);
	return key_check_size(source->bytes.size, "the options", error);
}

int key_source_load(const struct key_source *source, nsec_t deadline, struct key **key,
		    struct error *error)
{
	if (key_source_has_bytes(source) && !MUTANT(key_bytes_ignored))
		return key_copy(source->bytes.data, source->bytes.size, key, error);
	const char *file = source->file != NULL ? source->file : secure_getenv("RELEVO_KEY_FILE");
	if (file == NULL || file[0] == '\0')
		return RELEVO_OK;
	return key_load(file, deadline, key, error);
}
