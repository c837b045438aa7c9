#ifndef QUEUE_CLOSE_HANDLE_H
#define QUEUE_CLOSE_HANDLE_H

#include "session/session.h"

/* Give the number of a handle back to the broker. The session is locked. */
void queue_close_handle(struct relevo_session *session, uint32_t handle);

#endif
