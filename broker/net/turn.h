/* Each connection's share of the work that a round of the loop may do. */
#ifndef NET_TURN_H
#define NET_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct network;
struct output;

/*
 * Work is what the layer above counts, and one unit for each frame. A turn is part of a
 * round: who was left over from the last one has its share of a turn, first come first
 * served, and so have those who come anew. Whoever has used up its share goes on with the
 * next round, behind the others. A frame that is known to cost more than a share waits until
 * all have had theirs. So nobody waits for more than a share of each and one such frame.
 * What is kept about it is a struct turn, in network_state.h.
 */

/* A turn begins, in which `count` connections want to go on. */
void turn_begin(struct network *network, uint64_t count);

/* The rest of the turn is for those whose frames cost more than a share. */
void turn_of_heavy(struct network *network);

/* Whether a frame that costs so much has to wait until that. */
bool turn_outweighed(const struct network *network, uint64_t weight);

/* So many bytes were received: they count, too. */
void turn_received(struct network *network, size_t bytes);

/* output_warm(), whose work counts, too. */
bool turn_warm(struct network *network, struct output *output, size_t size);

/* Nobody else is to begin in this turn. */
bool turn_is_over(const struct network *network);

/* A connection begins: the count of the work at which it has had its share. */
uint64_t turn_share_end(const struct network *network);

/* Whether it has come to that. */
bool turn_share_is_over(const struct network *network, uint64_t end);

#endif
