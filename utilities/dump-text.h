/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_TEXT_H
#define DUMP_TEXT_H 1

/* Lines of text under construction
 * ================================
 *
 * What is printed for a packet is put together here, because stdio's formats
 * would take most of the time that a packet may take.  A line that is too long
 * is cut; nothing is ever written beyond the buffer. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Room for many lines, of up to TEXT_LINE bytes each. */
#define TEXT_SIZE 65536
#define TEXT_LINE 8192

struct text {
    FILE *stream;               /* Where lines go. */
    bool failed;                /* 'stream' does not take them any more. */
    size_t n;
    char buffer[TEXT_SIZE];
};

void text_init(struct text *, FILE *);
void text_flush(struct text *);

/* Makes room for the next line, or for several that make TEXT_LINE bytes. */
static inline void
text_begin(struct text *text)
{
    if (text->n > TEXT_SIZE - TEXT_LINE) {
        text_flush(text);
    }
}

static inline void
text_char(struct text *text, char c)
{
    if (text->n < TEXT_SIZE) {
        text->buffer[text->n++] = c;
    }
}

/* Ends a line, even one that is cut. */
static inline void
text_end(struct text *text)
{
    if (text->n == TEXT_SIZE) {
        text->n--;
    }
    text->buffer[text->n++] = '\n';
}

void text_bytes(struct text *, const char *, size_t);
void text_string(struct text *, const char *);
void text_decimal(struct text *, uint64_t);
void text_padded(struct text *, uint32_t, unsigned int digits);
void text_hex(struct text *, uint64_t, unsigned int digits);
void text_ipv4(struct text *, const uint8_t[4]);
void text_ipv6(struct text *, const uint8_t[16]);
void text_mac(struct text *, const uint8_t[6]);

#endif /* dump-text.h */
