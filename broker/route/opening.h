#ifndef ROUTE_OPENING_H
#define ROUTE_OPENING_H

#include "route/session.h"

/* What the operations that open something ask for. The numbers are the wire's:
 * any number may come as an enumeration. */
struct opening {
	const char *name;
	int mode;                            /* an enum queue_open_mode */
	const struct queue_options *options; /* `lifetime` may be any number too */
	bool strict_order;                   /* for what is got by the handle */
};

/* Open it and answer the call. */
void open_queue(struct session *session, uint64_t call, const struct opening *opening);

#endif
