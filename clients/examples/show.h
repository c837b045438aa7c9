#ifndef SHOW_H
#define SHOW_H

#include "must.h"

/* One value of a tuple, of the kinds that the examples send. */
static inline void show_value(const relevo_tuple *tuple, size_t index)
{
	int64_t number;
	double real;
	const char *text;
	switch (relevo_tuple_kind(tuple, index)) {
	case RELEVO_TUPLE_INT:
		must(relevo_tuple_int(tuple, index, &number));
		printf("%lld", (long long)number);
		break;
	case RELEVO_TUPLE_DOUBLE:
		must(relevo_tuple_double(tuple, index, &real));
		printf("%g", real);
		break;
	case RELEVO_TUPLE_TEXT:
		must(relevo_tuple_text(tuple, index, &text, NULL));
		printf("'%s'", text);
		break;
	case RELEVO_TUPLE_NONE:
		printf("None");
		break;
	default:
		printf("...");
	}
}

/* A tuple as a line: [42, None, 'hello']. */
static inline void show(const relevo_tuple *tuple)
{
	printf("[");
	for (size_t i = 0; i < relevo_tuple_count(tuple); i++) {
		printf("%s", i > 0 ? ", " : "");
		show_value(tuple, i);
	}
	printf("]\n");
}

#endif
