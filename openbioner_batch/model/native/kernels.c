/* What is between the products with weights, in bfloat16 on CPUs with AVX512-BF16: attention, and norms of sums.
 *
 * Attention needs no padding, and does not store scores. Queries are scaled so that exp2 of their products with keys
 * gives the unnormalised weights. Products and sums are float32; weights are rounded to bfloat16 before they multiply
 * the values. Scores beyond the range of floats give a row of NaN. A unit of work is one head of one group (see
 * layout.py).
 */
#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>

#define INLINE static inline __attribute__((always_inline))

enum {
    LANES = 16, /* floats of a register; keys are padded to it */
    ROWS = 6,   /* queries at a time, times PANEL registers of sums: what the 32 registers hold */
    PANEL = 4
};
static const float LEAST_SUM = 1e-30f; /* a sum of weights below this has lost its precision */

/* Keys and values of one head, laid out in pairs as the instruction wants them. */
typedef struct {
    uint32_t *keys;   /* [pairs of a head][padded]: two neighbouring numbers of a key */
    uint32_t *values; /* [padded / 2][head's registers * LANES]: a number of two neighbouring tokens */
    long tokens, padded;
} Part;

INLINE long padded_to_lanes(long tokens) { return (tokens + LANES - 1) / LANES * LANES; }

INLINE __mmask16 first_lanes(long count) {
    return count >= LANES ? 0xffff : (__mmask16)((1u << (count > 0 ? count : 0)) - 1);
}

/* 2^x to 8e-5, a twentieth of bfloat16's rounding: the fraction by a polynomial fitted to least relative error, the
 * whole part added to the exponent. Beyond 128 infinity or NaN. */
INLINE __m512 exp2_of(__m512 x) {
    /* 1.5 * 2^23: its sum with x has x's whole part in its last bits */
    const __m512 rounder = _mm512_set1_ps(12582912.0f);
    x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(129.0f)), _mm512_set1_ps(-126.0f));
    const __m512 shifted = _mm512_add_ps(x, rounder);
    const __m512 fraction = _mm512_sub_ps(x, _mm512_sub_ps(shifted, rounder));
    __m512 power = _mm512_set1_ps(0.05517167f);
    power = _mm512_fmadd_ps(power, fraction, _mm512_set1_ps(0.24261115f));
    power = _mm512_fmadd_ps(power, fraction, _mm512_set1_ps(0.69326099f));
    power = _mm512_fmadd_ps(power, fraction, _mm512_set1_ps(0.99992807f));
    const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(power), exponent));
}

INLINE void transpose(__m512i row[LANES]) {
    __m512i t[LANES];
    for (int i = 0; i < LANES; i += 2) {
        t[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        row[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        row[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        row[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        row[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(row[i], row[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_i32x4(row[i], row[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_i32x4(row[8 + i], row[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_i32x4(row[8 + i], row[12 + i], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
        row[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
        row[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
        row[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
    }
}

INLINE void pack_keys(Part *part, const uint16_t *key, long stride, long pairs) {
    for (long p = 0; p < pairs; p += LANES) {
        const __mmask16 mask = first_lanes(pairs - p);
        for (long j = 0; j < part->padded; j += LANES) {
            __m512i row[LANES];
            for (int i = 0; i < LANES; i++)
                row[i] = j + i < part->tokens ? _mm512_maskz_loadu_epi32(mask, key + (j + i) * stride + 2 * p)
                                              : _mm512_setzero_si512();
            transpose(row);
            for (int i = 0; i < LANES && p + i < pairs; i++)
                _mm512_store_si512(part->keys + (p + i) * part->padded + j, row[i]);
        }
    }
}

INLINE void pack_values(Part *part, const uint16_t *value, long stride, long size, const int registers) {
    for (long j = 0; j < part->padded; j += 2)
        for (int c = 0; c < registers; c++) {
            const __mmask16 mask = first_lanes(size - c * LANES);
            const uint16_t *from = value + j * stride + c * LANES;
            __m512i a = _mm512_setzero_si512(), b = a;
            if (j < part->tokens) a = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from));
            if (j + 1 < part->tokens) b = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from + stride));
            _mm512_store_si512(part->values + (j / 2 * registers + c) * LANES,
                               _mm512_or_si512(a, _mm512_slli_epi32(b, 16)));
        }
}

/* Lays a part out in `space` and gives what is left of that. */
INLINE char *pack(Part *part, char *space, const uint16_t *key, const uint16_t *value, long stride, long tokens,
                  long size, const int registers) {
    part->tokens = tokens;
    part->padded = padded_to_lanes(tokens);
    part->keys = (uint32_t *)space;
    part->values = part->keys + part->padded * (size / 2);
    pack_keys(part, key, stride, size / 2);
    pack_values(part, value, stride, size, registers);
    return (char *)(part->values + part->padded / 2 * registers * LANES);
}

/* Weights of ROWS queries on `panel` registers of keys from `first` on; those beyond the last token are 0. */
INLINE void weigh(uint16_t *weights, __m512 *sums, const uint32_t *const *query, const Part *part, long first,
                  long pairs, const int panel, const int whole) {
    __m512 score[ROWS][PANEL];
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < panel; c++) score[r][c] = _mm512_setzero_ps();
    for (long p = 0; p < pairs; p++) {
        __m512bh key[PANEL];
        for (int c = 0; c < panel; c++)
            key[c] = (__m512bh)_mm512_load_si512(part->keys + p * part->padded + first + c * LANES);
        for (int r = 0; r < ROWS; r++) {
            const __m512bh q = (__m512bh)_mm512_set1_epi32((int)query[r][p]);
            for (int c = 0; c < panel; c++) score[r][c] = _mm512_dpbf16_ps(score[r][c], q, key[c]);
        }
    }
    for (int r = 0; r < ROWS; r++) {
        __m512 sum = sums[r];
        for (int c = 0; c < panel; c++) {
            __m512 weight = exp2_of(score[r][c]);
            if (!whole) weight = _mm512_maskz_mov_ps(first_lanes(part->tokens - first - c * LANES), weight);
            sum = _mm512_add_ps(sum, weight);
            _mm256_store_si256((__m256i *)(weights + r * part->padded + first + c * LANES),
                               (__m256i)_mm512_cvtneps_pbh(weight));
        }
        sums[r] = sum;
    }
}

INLINE void add(__m512 gathered[ROWS][PANEL], __m512 *sums, const uint32_t *const *query, const Part *part,
                     uint16_t *weights, long size, const int registers) {
    long first = 0;
    for (; first + PANEL * LANES <= part->tokens; first += PANEL * LANES)
        weigh(weights, sums, query, part, first, size / 2, PANEL, 1);
    for (; first + 2 * LANES <= part->tokens; first += 2 * LANES)
        weigh(weights, sums, query, part, first, size / 2, 2, 1);
    for (; first < part->tokens; first += LANES) weigh(weights, sums, query, part, first, size / 2, 1, 0);
    __m512 own[ROWS][PANEL]; /* stays in registers, unlike what a pointer leads to */
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < registers; c++) own[r][c] = gathered[r][c];
    for (long j = 0; j < part->padded / 2; j++) {
        __m512bh value[PANEL];
        for (int c = 0; c < registers; c++)
            value[c] = (__m512bh)_mm512_load_si512(part->values + (j * registers + c) * LANES);
        for (int r = 0; r < ROWS; r++) {
            const __m512bh w = (__m512bh)_mm512_set1_epi32(((const int *)(weights + r * part->padded))[j]);
            for (int c = 0; c < registers; c++) own[r][c] = _mm512_dpbf16_ps(own[r][c], w, value[c]);
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < registers; c++) gathered[r][c] = own[r][c];
}

/* Functions of their own, or compilation takes long. */
static __attribute__((noinline)) void add_narrow(__m512 gathered[ROWS][PANEL], __m512 *sums,
                                                 const uint32_t *const *query, const Part *part, uint16_t *weights,
                                                 long size) {
    add(gathered, sums, query, part, weights, size, 2);
}

static __attribute__((noinline)) void add_wide(__m512 gathered[ROWS][PANEL], __m512 *sums, const uint32_t *const *query,
                                               const Part *part, uint16_t *weights, long size) {
    add(gathered, sums, query, part, weights, size, PANEL);
}

/* Adds what ROWS queries gather from a part, and their weights' sums. */
INLINE void add_part(__m512 gathered[ROWS][PANEL], __m512 *sums, const uint32_t *const *query, const Part *part,
                     uint16_t *weights, long size, const int registers) {
    (registers == 2 ? add_narrow : add_wide)(gathered, sums, query, part, weights, size);
}

INLINE void clear(__m512 gathered[ROWS][PANEL], __m512 *sums) {
    for (int r = 0; r < ROWS; r++) {
        sums[r] = _mm512_setzero_ps();
        for (int c = 0; c < PANEL; c++) gathered[r][c] = _mm512_setzero_ps();
    }
}

INLINE void copy(__m512 to[ROWS][PANEL], __m512 *to_sums, __m512 from[ROWS][PANEL], const __m512 *from_sums) {
    for (int r = 0; r < ROWS; r++) {
        to_sums[r] = from_sums[r];
        for (int c = 0; c < PANEL; c++) to[r][c] = from[r][c];
    }
}

INLINE void put(uint16_t *context, long stride, long rows, __m512 gathered[ROWS][PANEL], const __m512 *sums, long size,
                const int registers) {
    for (int r = 0; r < ROWS && r < rows; r++) {
        const float sum = _mm512_reduce_add_ps(sums[r]);
        const __m512 scale = _mm512_set1_ps(sum < LEAST_SUM ? __builtin_nanf("") : 1.0f / sum);
        for (int c = 0; c < registers; c++)
            _mm256_mask_storeu_epi16(context + r * stride + c * LANES, first_lanes(size - c * LANES),
                                     (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(gathered[r][c], scale)));
    }
}

/* What some rows gathered from a part of their sequences, not normalised, and their weights' sums. */
INLINE void save(float *partial, long stride, float *partial_sums, long sums_stride, long rows,
                 __m512 gathered[ROWS][PANEL], const __m512 *sums, long size, const int registers) {
    for (int r = 0; r < ROWS && r < rows; r++) {
        partial_sums[r * sums_stride] = _mm512_reduce_add_ps(sums[r]);
        for (int c = 0; c < registers; c++)
            _mm512_mask_storeu_ps(partial + r * stride + c * LANES, first_lanes(size - c * LANES), gathered[r][c]);
    }
}

INLINE void restore(__m512 gathered[ROWS][PANEL], __m512 *sums, const float *partial, long stride,
                    const float *partial_sums, long sums_stride, long rows, long size, const int registers) {
    for (int r = 0; r < ROWS && r < rows; r++) {
        sums[r] = _mm512_maskz_loadu_ps(1, partial_sums + r * sums_stride);
        for (int c = 0; c < registers; c++)
            gathered[r][c] = _mm512_maskz_loadu_ps(first_lanes(size - c * LANES), partial + r * stride + c * LANES);
    }
}

/* The rows from `row` on; beyond the last they repeat it. */
INLINE void rows_of(const uint32_t **query, const uint16_t *queries, long stride, long row, long count) {
    for (int r = 0; r < ROWS; r++)
        query[r] = (const uint32_t *)(queries + (row + r < count ? row + r : count - 1) * stride);
}

typedef struct {
    uint16_t *context; /* [.][heads][size], without gaps */
    const uint16_t *query, *key, *value;
    long query_stride, stride; /* from token to token */
    long heads, size;
    float *partial, *sums; /* [queries][heads][size], [queries][heads]: what was gathered from parts of sequences */
    long parts;            /* which part of their sequences the keys are */
} Tensors;

/* FIRST writes `partial` and `sums`, LAST begins with them; FIRST leaves `context` alone */
enum { WHOLE, FIRST, LAST };

typedef struct {
    long query_start, queries; /* of the first sequence; of each */
    long key_start, keys;
    long context_start;
    long sequences;
} SequenceGroup;

INLINE void head_of_group(const Tensors *t, const SequenceGroup *group, long head, char *space, const int registers) {
    const long width = t->heads * t->size, offset = head * t->size;
    for (long s = 0; s < group->sequences; s++) {
        const long begin = group->query_start + s * group->queries;
        const long from = (group->key_start + s * group->keys) * t->stride + offset;
        const uint16_t *queries = t->query + begin * t->query_stride + offset;
        uint16_t *context = t->context + (group->context_start + s * group->queries) * width + offset;
        float *partial = t->partial + begin * width + offset, *partial_sums = t->sums + begin * t->heads + head;
        Part part;
        uint16_t *weights = (uint16_t *)pack(&part, space, t->key + from, t->value + from, t->stride, group->keys,
                                             t->size, registers);
        for (long row = 0; row < group->queries; row += ROWS) {
            const uint32_t *query[ROWS];
            __m512 gathered[ROWS][PANEL], sums[ROWS];
            const long rows = group->queries - row;
            rows_of(query, queries, t->query_stride, row, group->queries);
            clear(gathered, sums);
            if (t->parts == LAST)
                restore(gathered, sums, partial + row * width, width, partial_sums + row * t->heads, t->heads, rows,
                        t->size, registers);
            add_part(gathered, sums, query, &part, weights, t->size, registers);
            if (t->parts == FIRST)
                save(partial + row * width, width, partial_sums + row * t->heads, t->heads, rows, gathered, sums,
                     t->size, registers);
            else
                put(context + row * width, width, rows, gathered, sums, t->size, registers);
        }
    }
}

typedef struct {
    long start;  /* of the block's first text among the distinct tokens; the descriptions follow the texts */
    long texts, text; /* how many; tokens of each */
    long columns;
    const long *column_starts;  /* [columns] of the first sequence among all tokens */
    const long *column_lengths; /* [columns] of a sequence */
} Block;

INLINE void head_of_block(const Tensors *t, const Block *block, long head, char *space, Part *tails,
                          const int registers) {
    const long width = t->heads * t->size, offset = head * t->size, text = block->text;
    long tail = block->start + block->texts * text;
    for (long c = 0; c < block->columns; c++) { /* every window of the block sees the same descriptions */
        const long tokens = block->column_lengths[c] - text;
        space = pack(&tails[c], space, t->key + tail * t->stride + offset, t->value + tail * t->stride + offset,
                     t->stride, tokens, t->size, registers);
        tail += tokens;
    }
    for (long s = 0; s < block->texts; s++) {
        const long from = (block->start + s * text) * t->stride + offset;
        Part part;
        uint16_t *weights = (uint16_t *)pack(&part, space, t->key + from, t->value + from, t->stride, text, t->size,
                                             registers);
        const uint32_t *query[ROWS];
        __m512 gathered[ROWS][PANEL], sums[ROWS], both[ROWS][PANEL], both_sums[ROWS];
        for (long row = 0; row < text; row += ROWS) {
            rows_of(query, t->query + from, t->stride, row, text);
            clear(gathered, sums);
            add_part(gathered, sums, query, &part, weights, t->size, registers);
            for (long c = 0; c < block->columns; c++) {
                const long start = block->column_starts[c] + s * block->column_lengths[c];
                uint16_t *context = t->context + start * width + offset;
                copy(both, both_sums, gathered, sums);
                add_part(both, both_sums, query, &tails[c], weights, t->size, registers);
                put(context + row * width, width, text - row, both, both_sums, t->size, registers);
            }
        }
        tail = block->start + block->texts * text;
        for (long c = 0; c < block->columns; c++) {
            const long tokens = tails[c].tokens, begin = block->column_starts[c] + s * block->column_lengths[c] + text;
            for (long row = 0; row < tokens; row += ROWS) {
                rows_of(query, t->query + tail * t->stride + offset, t->stride, row, tokens);
                clear(gathered, sums);
                add_part(gathered, sums, query, &part, weights, t->size, registers);
                add_part(gathered, sums, query, &tails[c], weights, t->size, registers);
                put(t->context + (begin + row) * width + offset, width, tokens - row, gathered, sums, t->size,
                    registers);
            }
            tail += tokens;
        }
    }
}

/* Room for parts of `padded` tokens in all, and weights on them. */
static char *room(long padded, long size) {
    return aligned_alloc(64, (size_t)(padded * (2 * size + 2 * PANEL * LANES + 2 * ROWS) + 127) / 64 * 64);
}

/* Who works beside whom: OpenMP's own answers, or those of a thread alone. Each takes every size-th unit. */
typedef struct {
    int (*number)(void), (*size)(void);
    int failed; /* set where memory does not suffice */
} Team;

int alone_number(void) { return 0; }
int alone_size(void) { return 1; }

typedef struct {
    Team team;
    Tensors tensors;
    const SequenceGroup *groups;
    long count;
} Attention;

/* Units are heads of groups. */
void attend(Attention *job) {
    const Tensors *tensors = &job->tensors;
    long longest = 0;
    for (long s = 0; s < job->count; s++)
        longest = job->groups[s].keys > longest ? job->groups[s].keys : longest;
    char *space = room(padded_to_lanes(longest), tensors->size);
    if (!space) job->team.failed = 1;
    for (long unit = job->team.number(); space && unit < job->count * tensors->heads; unit += job->team.size()) {
        const SequenceGroup *group = job->groups + unit / tensors->heads;
        if (tensors->size <= 2 * LANES) head_of_group(tensors, group, unit % tensors->heads, space, 2);
        else head_of_group(tensors, group, unit % tensors->heads, space, PANEL);
    }
    free(space);
}

typedef struct {
    Team team;
    Tensors tensors; /* of distinct tokens */
    const Block *blocks;
    long count;
} SharedAttention;

/* Units are heads of blocks. */
void attend_sharing(SharedAttention *job) {
    const Tensors *tensors = &job->tensors;
    long longest = 0, most = 0;
    for (long b = 0; b < job->count; b++) {
        const Block *block = job->blocks + b;
        long padded = padded_to_lanes(block->text);
        for (long c = 0; c < block->columns; c++) padded += padded_to_lanes(block->column_lengths[c] - block->text);
        longest = padded > longest ? padded : longest;
        most = block->columns > most ? block->columns : most;
    }
    char *space = room(longest, tensors->size);
    Part *tails = malloc((size_t)most * sizeof(Part));
    const int ready = space && tails;
    if (!ready) job->team.failed = 1;
    for (long unit = job->team.number(); ready && unit < job->count * tensors->heads; unit += job->team.size()) {
        const Block *block = job->blocks + unit / tensors->heads;
        if (tensors->size <= 2 * LANES) head_of_block(tensors, block, unit % tensors->heads, space, tails, 2);
        else head_of_block(tensors, block, unit % tensors->heads, space, tails, PANEL);
    }
    free(space);
    free(tails);
}

typedef struct {
    Team team;
    float *sum;
    const uint16_t *added;
    uint16_t *rounded;
    const float *weight, *bias;
    long rows, width;
    float epsilon;
} Norm;

/* Layer normalisation of sum + added, in float32 into `sum`, and rounded. Units are rows. */
void add_norm(Norm *job) {
    const long width = job->width;
    for (long row = job->team.number(); row < job->rows; row += job->team.size()) {
        float *x = job->sum + row * width;
        __m512 total = _mm512_setzero_ps(), squares = total;
        for (long i = 0; i < width; i += LANES) {
            const __mmask16 mask = first_lanes(width - i);
            const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, job->added + row * width + i));
            const __m512 both = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, x + i),
                                              _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16)));
            total = _mm512_add_ps(total, both);
            _mm512_mask_storeu_ps(x + i, mask, both);
        }
        const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(total) / (float)width);
        for (long i = 0; i < width; i += LANES) {
            const __mmask16 mask = first_lanes(width - i);
            const __m512 off = _mm512_maskz_sub_ps(mask, _mm512_maskz_loadu_ps(mask, x + i), mean);
            squares = _mm512_fmadd_ps(off, off, squares);
        }
        const float variance = _mm512_reduce_add_ps(squares) / (float)width;
        const __m512 scale = _mm512_set1_ps(1.0f / __builtin_sqrtf(variance + job->epsilon));
        for (long i = 0; i < width; i += LANES) {
            const __mmask16 mask = first_lanes(width - i);
            const __m512 off = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + i), mean);
            const __m512 weight = _mm512_maskz_loadu_ps(mask, job->weight + i);
            const __m512 bias = _mm512_maskz_loadu_ps(mask, job->bias + i);
            const __m512 found = _mm512_fmadd_ps(_mm512_mul_ps(off, scale), weight, bias);
            _mm512_mask_storeu_ps(x + i, mask, found);
            _mm256_mask_storeu_epi16(job->rounded + row * width + i, mask, (__m256i)_mm512_cvtneps_pbh(found));
        }
    }
}
