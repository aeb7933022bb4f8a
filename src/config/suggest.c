/* Suggestions: which known word was meant?
 *
 * The distance is the number of letters to change, insert, drop or swap with their neighbour
 * (Damerau-Levenshtein in its "optimal string alignment" form), upper and lower case alike. A
 * suggestion that is wrong confuses more than none: about one typing error in three letters is
 * believed.
 */
#include "config/config.h"

#include <string.h>

enum { MAX_WORD = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Both at most MAX_WORD long. Three rows of the usual matrix are enough. */
static size_t word_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][MAX_WORD + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++) {
        above[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
            bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_len];
}

const char *config_suggest(const char *word, const char *const *names, size_t n_names)
{
    size_t word_len = strnlen(word, MAX_WORD + 1);
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < n_names && word_len <= MAX_WORD; i++) {
        size_t len = strnlen(names[i], MAX_WORD + 1);
        if (len > MAX_WORD) {
            continue;
        }
        size_t longer = len > word_len ? len : word_len;
        size_t distance = word_distance(word, word_len, names[i], len);
        if (distance <= longer / 3 && distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
