#ifndef SYNC_SHARED_H
#define SYNC_SHARED_H

#include "base/name.h"
#include "session/session.h"
#include "transport/memory.h"

#include <relevo/shared.h>

struct relevo_shared {
	struct relevo_session *session;
	char name[NAME_MAX_BYTES + 1];
	struct memory memory;
	struct relevo_shared *lock_owner; /* whose lock it is; NULL: there is none */
	bool created;
	uint64_t identity; /* tells it from others of its name, with that broker */
	uint64_t broker;

	/* Where the number is valid. The memory itself needs neither. */
	uint64_t epoch;
	uint32_t handle;
};

#endif
