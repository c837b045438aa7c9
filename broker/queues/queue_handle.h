/* The queues that a session has open. */
#ifndef QUEUES_QUEUE_HANDLE_H
#define QUEUES_QUEUE_HANDLE_H

#include "stock/queue.h"

/* Make sure that peer_add_handle() succeeds once. LIMIT, QUOTA, NO_MEMORY. */
int peer_reserve_handle(struct engine_peer *peer, struct error *error);

/* A new handle for the queue. */
uint32_t peer_add_handle(struct engine_peer *peer, struct queue *queue);

/* The queue behind the handle, which may have been deleted; BAD_ARGUMENT. */
int peer_find_handle(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		     struct error *error);

/* The same, GONE if it was deleted. */
int peer_find_queue(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		    struct error *error);

/* Forget an open handle. */
void peer_remove_handle(struct engine_peer *peer, uint32_t handle);

/* Have open what the other session has. QUOTA, NO_MEMORY. */
int queues_inherit(struct engine_peer *peer, const struct engine_peer *from, struct error *error);

/* From now on the handles of the session count, which was silent. */
void queues_speak(struct engine_peer *peer);

/* The session has ended: a piece of the end of the queues that it owns; and: of closing its
 * handles. False: there is more. */
bool queues_end_owned(struct engine_peer *peer);
bool queues_close(struct engine_peer *peer);

#endif
