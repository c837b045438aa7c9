#ifndef WIRE_PROTOCOL_H
#define WIRE_PROTOCOL_H

/* Raised when an old peer could no longer understand a new one. */
#define PROTOCOL_VERSION          1

/* Both u32 fields in front of the header. */
#define FRAME_PREFIX_SIZE         8

/* The protobuf header of a frame, in bytes. */
#define FRAME_MAX_HEADER          (256u * 1024)

/* Bodies in one frame. */
#define FRAME_MAX_ITEMS           16384u

/* Leases that one operation may name, and as many may ride along in the header: what is done
 * to them is done in one go, while the others wait. So many fit beside the sizes of many
 * bodies. The library asks for no more items at a time. */
#define FRAME_MAX_LEASES          4096u

/* One body, in bytes: the default of `relevod --max-item`. */
/* How that can be changed, for whoever is told that something is larger. */
#define ITEM_MAX_HOW              "(relevod --max-item)"

#define ITEM_MAX_DEFAULT          (32u * 1024 * 1024)

/* A frame may always hold one item of the largest size and its header. */
#define FRAME_MAX_FOR(max_item)   ((max_item) + FRAME_MAX_HEADER + FRAME_PREFIX_SIZE)

/* How many bytes of bodies the library puts into one frame before it starts
 * the next: enough to make the cost of a frame vanish, small enough to leave
 * other connections their turn. */
#define FRAME_GOOD_SIZE           (128u * 1024)

/* What a session may have put without confirmation: bytes of bodies, and so many more for
 * each of them. Thousands of small ones on their way would gain nothing, and fall out of
 * the processor's caches before anybody takes them. */
#define WINDOW_DEFAULT            (4u * 1024 * 1024)
#define WINDOW_ITEM               512u
#define WINDOW_COST(count, bytes) ((uint64_t)(bytes) + (uint64_t)(count)*WINDOW_ITEM)

#endif
