#ifndef ROUTE_HANDLERS_H
#define ROUTE_HANDLERS_H

#include "route/session.h"

/* What a client can ask for: one function an operation, grouped by feature. The
 * frame is valid until the handler returns. */
typedef void handler(struct session *session, const struct frame *frame);

/* handle_hello.c */
handler handle_hello;
handler handle_proof;
handler handle_born;

/* handle_session.c */
handler handle_cancel;
handler handle_goodbye;
handler handle_flush;

/* handle_session_list.c */
handler handle_session_list;

/* handle_queue.c */
handler handle_queue_open;
handler handle_queue_close;
handler handle_queue_delete;
handler handle_queue_put;
handler handle_queue_get;
handler handle_queue_ack;
handler handle_queue_nack;
handler handle_queue_reject;
handler handle_queue_extend;
handler handle_queue_stat;

/* A quiet put that failed before it came to its handler counts as dealt with. */
handler pass_over_put;

/* handle_manage.c */
handler handle_queue_join;
handler handle_queue_shutdown;
handler handle_queue_purge;
handler handle_queue_move;
handler handle_queue_peek;
handler handle_queue_list;

/* handle_lock.c */
handler handle_lock_open;
handler handle_lock_release;
/* handle_cell.c */
handler handle_cell_open;
handler handle_cell_close;
handler handle_cell_delete;
handler handle_cell_update;
handler handle_cell_wait;
handler handle_cell_give_up;

/* handle_shared.c */
handler handle_shared_open;
handler handle_shared_close;
handler handle_shared_delete;

/* handle_pipe.c */
handler handle_pipe_meet;

#endif
