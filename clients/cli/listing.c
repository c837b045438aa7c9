/* What "queue list" and "top" show of a queue: its kind as a word, and all of it as JSON. */
#include "cli/listing.h"

const char *listing_kind(enum relevo_kind kind)
{
	static const char *const words[] = { "queue", "lock", "semaphore", "condition" };
	return (unsigned)kind < sizeof words / sizeof words[0] ? words[kind] : "unknown";
}

json_t *listing_to_json(const struct relevo_queue_info *info)
{
	return json_pack("{sssssIsIsIsIsIsIsIsIsI}", "queue", info->name, "kind",
			 listing_kind(info->kind), "ready", (json_int_t)info->ready, "leased",
			 (json_int_t)info->leased, "delayed", (json_int_t)info->delayed, "bytes",
			 (json_int_t)info->bytes, "getters", (json_int_t)info->getters, "putters",
			 (json_int_t)info->putters, "put", (json_int_t)info->put, "acknowledged",
			 (json_int_t)info->acknowledged, "handles", (json_int_t)info->handles);
}
