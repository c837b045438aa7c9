/* Whether a user or group that the kernel names is the own one, in namespaces too. */
#include "os/own_ids.h"

#include "base/mutant.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Numbers of users, and of groups. */
struct id_kind {
	const char *overflow; /* where the number stands that stands for those without one */
	const char *map;      /* and which numbers there are in this namespace */
};

static const struct id_kind users = { "/proc/sys/kernel/overflowuid", "/proc/self/uid_map" };
static const struct id_kind groups = { "/proc/sys/kernel/overflowgid", "/proc/self/gid_map" };

enum {
	OVERFLOW_USUAL = 65534,
	FIRST_NAMESPACE = (int)0xEFFFFFFD, /* its inode: the kernel's PROC_USER_INIT_INO */
};

/* All but the last number, which is nobody's ever. */
#define ALL_IDS UINT64_C(0xFFFFFFFF)

/* Needs no descriptor. */
static bool in_first_namespace(void)
{
	struct stat namespace;
	return stat("/proc/self/ns/user", &namespace) == 0 &&
	       namespace.st_ino == (ino_t)(unsigned)FIRST_NAMESPACE;
}

static uint32_t overflow_id(const struct id_kind *kind)
{
	uint32_t id = OVERFLOW_USUAL;
	FILE *file = fopen(kind->overflow, "re");
	if (file == NULL)
		return id;
	if (fscanf(file, "%" SCNu32, &id) != 1)
		id = OVERFLOW_USUAL;
	fclose(file);
	return id;
}

/* Its parts do not overlap: the kernel sees to that. */
static bool maps_everybody(const struct id_kind *kind)
{
	uint64_t mapped = 0, count;
	FILE *file = fopen(kind->map, "re");
	while (file != NULL && fscanf(file, "%*u %*u %" SCNu64, &count) == 1)
		mapped += count;
	if (file != NULL)
		fclose(file);
	return mapped >= ALL_IDS;
}

static bool id_is_known(const struct id_kind *kind, uint32_t id)
{
	return in_first_namespace() || id != overflow_id(kind) || maps_everybody(kind) ||
	       MUTANT(overflow_is_somebody);
}

bool user_is_known(uid_t uid)
{
	return id_is_known(&users, uid);
}

bool user_is_own(uid_t uid)
{
	return uid == geteuid() && user_is_known(uid);
}

bool group_is_own(gid_t gid)
{
	return gid == getegid() && id_is_known(&groups, gid);
}

const char *user_text(uid_t uid, char text[USER_TEXT_ROOM])
{
	snprintf(text, USER_TEXT_ROOM,
		 user_is_known(uid) ? "uid %u" : "somebody without a uid in this namespace (%u)",
		 (unsigned)uid);
	return text;
}
