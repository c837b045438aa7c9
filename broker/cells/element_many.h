/* Many elements at once, about as fast as memory goes: arrays may have millions of them. */
#ifndef CELLS_ELEMENT_MANY_H
#define CELLS_ELEMENT_MANY_H

#include "base/element.h"

/* Each element of `left` and that of `right` in its place; `size` bytes of them. */
struct element_pairs {
	const uint8_t *left, *right;
	size_t size;
};

/* Whether what element_holds() says is true of all pairs. */
bool element_holds_for_all(enum element_type type, uint32_t width,
			   enum element_comparison comparison, const struct element_pairs *pairs);

/* element_add() for each. */
void element_add_all(enum element_type type, uint8_t *elements, const uint8_t *addends,
		     size_t size);

#endif
