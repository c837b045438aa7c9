#ifndef ROUTE_WEIGHT_H
#define ROUTE_WEIGHT_H

#include "route/session_state.h"
#include "wire/frame.h"

/*
 * At most what a frame costs the engine at once, in its units, and what it costs to answer. What
 * follows from it and is done in pieces is not part of that: see engine_share(). It is looked at
 * before anything is checked, and by what the frame says.
 */
uint64_t frame_weight(const struct session *session, const struct frame *frame);

/* How many bytes of a cell it reads: they are copied into the answer. */
size_t frame_answer_size(const struct session *session, const struct frame *frame);

/* handle_hello.c: what it inherits. */
uint64_t weight_of_hello(const struct session *session, const Relevo__Hello *hello);

#endif
