#include "examples/words/word_files.h"

#include "examples/words/word_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Large enough that the counting outweighs the sending, small enough that the
 * workers finish together. */
enum { SLICE_BYTES = 128 * 1024 };

/* Where a Debian machine with a compiler has text, and which files are some. */
enum { MOST_PATTERNS = 4 };
static const struct place {
	const char *folders; /* a pattern of its own */
	const char *names[MOST_PATTERNS + 1];
} places[] = {
	{ "/usr/share/common-licenses", { "*" } },
	{ "/usr/share/doc", { "copyright", "changelog*", "NEWS*", "README*" } },
	{ "/usr/share/perl", { "*.pod", "*.pm", "*.pl" } },
	{ "/usr/lib/python3*", { "*.py", "*.txt" } },
	{ "/usr/include", { "*.h" } },
	{ "/usr/lib/gcc/*/*/include", { "*.h" } },
};

/* The array, moved if need be, with room for one element more; NULL, and the old
 * one is as it was, when there is no memory. */
static void *reserve(void *array, size_t *capacity, size_t count, size_t element)
{
	if (count < *capacity)
		return array;
	size_t wanted = *capacity == 0 ? 256 : 2 * *capacity;
	void *grown = reallocarray(array, wanted, element);
	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

static bool add_slice(struct word_files *files, struct relevo_bytes slice)
{
	struct relevo_bytes *slices =
		reserve(files->slices, &files->slice_capacity, files->slice_count, sizeof *slices);
	if (slices == NULL)
		return false;
	files->slices = slices;
	files->slices[files->slice_count++] = slice;
	files->bytes += slice.size;
	return true;
}

/* Takes the text over, also when it fails. */
static bool add_text(struct word_files *files, char *text, size_t size)
{
	char **texts =
		reserve(files->texts, &files->file_capacity, files->file_count, sizeof *texts);
	if (texts == NULL) {
		free(text);
		return false;
	}
	files->texts = texts;
	files->texts[files->file_count++] = text;
	files->file_bytes += size;
	while (size > 0) {
		size_t cut = word_text_cut(text, size, SLICE_BYTES);
		if (!add_slice(files, (struct relevo_bytes){ text, cut }))
			return false;
		text += cut;
		size -= cut;
	}
	return true;
}

/* What the file has, up to `size` bytes; 0 when it cannot be read. */
static size_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t got = 0;
	if (fd < 0)
		return 0;
	do {
		have += (size_t)got;
		got = read(fd, text + have, size - have);
	} while (got > 0);
	close(fd);
	return have;
}

/* A file that cannot be read is passed over. */
static bool add_file(struct word_files *files, const char *path, size_t size)
{
	char *text = malloc(size);
	if (text == NULL)
		return false;
	size_t have = read_file(path, text, size);
	if (have > 0)
		return add_text(files, text, have);
	free(text);
	return true;
}

static bool is_text(const struct place *place, const char *name)
{
	if (fnmatch("*.gz", name, 0) == 0)
		return false;
	for (const char *const *pattern = place->names; *pattern != NULL; pattern++) {
		if (fnmatch(*pattern, name, 0) == 0)
			return true;
	}
	return false;
}

static bool add_folder(struct word_files *files, const struct place *place, const char *folder,
		       size_t bytes);

/* Links are not followed: what they lead to is found where it is. */
static bool add_entry(struct word_files *files, const struct place *place, const char *path,
		      size_t bytes)
{
	struct stat about;
	if (lstat(path, &about) < 0)
		return true;
	if (S_ISDIR(about.st_mode))
		return add_folder(files, place, path, bytes);
	if (!S_ISREG(about.st_mode) || about.st_size == 0 || !is_text(place, basename(path)))
		return true;
	return add_file(files, path, (size_t)about.st_size);
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of the names, so that two runs count the same. A folder that cannot
 * be read is passed over. */
static bool add_folder(struct word_files *files, const struct place *place, const char *folder,
		       size_t bytes)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, no_dots, alphasort);
	bool good = true;
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (good && files->bytes < bytes && length < PATH_MAX)
			good = add_entry(files, place, path, bytes);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return good;
}

static bool add_place(struct word_files *files, const struct place *place, size_t bytes)
{
	glob_t found = { 0 };
	int failed = glob(place->folders, 0, NULL, &found);
	bool good = failed == 0 || failed == GLOB_NOMATCH;
	for (size_t i = 0; i < found.gl_pathc && good; i++)
		good = add_folder(files, place, found.gl_pathv[i], bytes);
	globfree(&found);
	return good;
}

/* Go through the slices again, until it is enough. */
static bool repeat(struct word_files *files, size_t bytes)
{
	bool good = true;
	for (size_t i = 0; files->bytes < bytes && good; i++)
		good = add_slice(files, files->slices[i]);
	return good;
}

bool word_files_collect(struct word_files *files, size_t bytes, const char **problem)
{
	bool good = true;
	*files = (struct word_files){ 0 };
	for (size_t i = 0; i < sizeof places / sizeof places[0] && good; i++)
		good = add_place(files, &places[i], bytes);
	*problem = good ? "this machine has no text to count" : "no memory for the text";
	return good && files->slice_count > 0 && repeat(files, bytes);
}

void word_files_free(struct word_files *files)
{
	for (size_t i = 0; i < files->file_count; i++)
		free(files->texts[i]);
	free(files->texts);
	free(files->slices);
	*files = (struct word_files){ 0 };
}
