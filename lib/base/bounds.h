/* Limits that both sides of the protocol keep: the library says so at once, the broker all the
 * same. Those of frames stand in wire/protocol.h, that of names in name.h. */
#ifndef BASE_BOUNDS_H
#define BASE_BOUNDS_H

/* Of an item: its key, and its headers and reply-to as they are packed; bytes. */
enum { ITEM_MAX_KEY = 255, ITEM_MAX_PROPERTIES = 64 * 1024 };

/* Queues that one get may name. */
enum { GET_MAX_QUEUES = 64 };

/* Random bytes by which a client is known when it comes back. */
enum { CLIENT_ID_SIZE = 16 };

/* Items that one look at a queue shows. */
enum { PEEK_MAX_ITEMS = 256 };

/* Permits that a semaphore may start with. */
enum { SEMAPHORE_MAX_PERMITS = 250000 };

/* Of a cell: the checks or changes of one step, and the bytes of what it is used for. */
enum { CELL_MAX_TERMS = 64, CELL_MAX_PURPOSE = 15 };

#endif
