#ifndef EXAMPLES_WORD_FILES_H
#define EXAMPLES_WORD_FILES_H

#include <relevo/relevo.h>

/*
 * The input: text that a Debian machine has, cut into slices, one for each task.
 * A file that is longer than a slice makes several.
 */
struct word_files {
	struct relevo_bytes *slices; /* inside the texts */
	size_t slice_count;
	size_t slice_capacity;
	size_t bytes; /* of all slices */
	char **texts; /* one a file */
	size_t file_count;
	size_t file_capacity;
	size_t file_bytes; /* of all files: less than `bytes` when they were gone
			      through more than once */
};

/*
 * Collect at least so many bytes of text. A machine that has less is gone
 * through again (the slices then point to the same texts), until it is enough.
 * False when there is no text at all or no memory; *problem says which. Free
 * `files` either way.
 */
bool word_files_collect(struct word_files *files, size_t bytes, const char **problem);

void word_files_free(struct word_files *files);

#endif
