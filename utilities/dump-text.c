/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-text.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/* Makes 'text' empty.  Its lines will go to 'stream', which stays the
 * caller's. */
void
text_init(struct text *text, FILE *stream)
{
    text->stream = stream;
    text->failed = false;
    text->n = 0;
}

/* Writes all that 'text' holds to its stream.  What cannot be written is lost,
 * and 'text->failed' says so; errno is then the error. */
void
text_flush(struct text *text)
{
    if (!text->failed
        && (fwrite(text->buffer, 1, text->n, text->stream) != text->n
            || fflush(text->stream))) {
        text->failed = true;
    }
    text->n = 0;
}

void
text_bytes(struct text *text, const char *s, size_t n)
{
    if (n > TEXT_SIZE - text->n) {
        n = TEXT_SIZE - text->n;
    }
    memcpy(text->buffer + text->n, s, n);
    text->n += n;
}

void
text_string(struct text *text, const char *s)
{
    text_bytes(text, s, strlen(s));
}

void
text_decimal(struct text *text, uint64_t x)
{
    char digits[20];
    size_t i = sizeof digits;

    do {
        digits[--i] = '0' + x % 10;
        x /= 10;
    } while (x);
    text_bytes(text, digits + i, sizeof digits - i);
}

/* Appends the last 'digits' decimal digits of 'x', zeros in front. */
void
text_padded(struct text *text, uint32_t x, unsigned int digits)
{
    char s[10];
    unsigned int i;

    for (i = digits; i > 0; i--) {
        s[i - 1] = '0' + x % 10;
        x /= 10;
    }
    text_bytes(text, s, digits);
}

/* Appends 'x' as "0x" and at least 'digits' hexadecimal digits. */
void
text_hex(struct text *text, uint64_t x, unsigned int digits)
{
    char s[18];
    size_t i = sizeof s;

    do {
        s[--i] = "0123456789abcdef"[x & 0xf];
        x >>= 4;
    } while (x || sizeof s - i < digits);
    s[--i] = 'x';
    s[--i] = '0';
    text_bytes(text, s + i, sizeof s - i);
}

void
text_ipv4(struct text *text, const uint8_t address[4])
{
    char s[16];
    size_t n = 0;
    int i;

    for (i = 0; i < 4; i++) {
        if (address[i] >= 100) {
            s[n++] = '0' + address[i] / 100;
        }
        if (address[i] >= 10) {
            s[n++] = '0' + address[i] / 10 % 10;
        }
        s[n++] = '0' + address[i] % 10;
        s[n++] = '.';
    }
    text_bytes(text, s, n - 1);
}

/* Appends an IPv6 address.  The C library takes its time to make this text, and
 * the same addresses come again and again, so the last ones are kept. */
void
text_ipv6(struct text *text, const uint8_t address[16])
{
    static struct {
        uint8_t address[16];
        char s[INET6_ADDRSTRLEN];
    } cache[64];
    unsigned int slot = (address[15] ^ address[14] ^ address[13] * 7
                         ^ address[7]) % 64;

    if (!cache[slot].s[0]
        || memcmp(cache[slot].address, address, sizeof cache[slot].address)) {
        memcpy(cache[slot].address, address, sizeof cache[slot].address);
        inet_ntop(AF_INET6, address, cache[slot].s, sizeof cache[slot].s);
    }
    text_string(text, cache[slot].s);
}

void
text_mac(struct text *text, const uint8_t address[6])
{
    char s[18];
    int i;

    for (i = 0; i < 6; i++) {
        s[i * 3] = "0123456789abcdef"[address[i] >> 4];
        s[i * 3 + 1] = "0123456789abcdef"[address[i] & 0xf];
        s[i * 3 + 2] = ':';
    }
    text_bytes(text, s, 17);
}
