#include "examples/words/word_text.h"

#include <limits.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Bytes of the longest word. */
enum { WORD_MAX = 112 };

bool word_text_prepare(void)
{
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

/* The next character, and how many bytes it has; a space for what is none. */
static wint_t next_character(const char *text, size_t size, size_t *length)
{
	mbstate_t state = { 0 };
	wchar_t character;
	size_t read = mbrtowc(&character, text, size, &state);
	if (read == 0 || read > size) {
		*length = 1;
		return L' ';
	}
	*length = read;
	return (wint_t)character;
}

static size_t put_letter(char *word, wint_t letter)
{
	mbstate_t state = { 0 };
	size_t written = wcrtomb(word, (wchar_t)towlower(letter), &state);
	return written == (size_t)-1 ? 0 : written;
}

bool word_text_count(struct word_table *table, const char *text, size_t size)
{
	char word[WORD_MAX];
	size_t length = 0, step;
	for (size_t at = 0; at < size; at += step) {
		wint_t character = next_character(text + at, size - at, &step);
		bool letter = iswalpha(character) != 0;
		bool full = length + MB_LEN_MAX > sizeof word;
		if (length > 0 && (!letter || full)) {
			if (!word_table_add(table, word, length, 1))
				return false;
			length = 0;
		}
		if (letter)
			length += put_letter(word + length, character);
	}
	return length == 0 || word_table_add(table, word, length, 1);
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\n' || byte == '\t';
}

size_t word_text_cut(const char *text, size_t size, size_t most)
{
	if (size <= most)
		return size;
	size_t cut = most;
	while (cut > 0 && !is_space(text[cut - 1]))
		cut--;
	if (cut > 0)
		return cut;
	/* One enormous word: its piece gets as large as it is. */
	cut = most;
	while (cut < size && !is_space(text[cut - 1]))
		cut++;
	return cut;
}
