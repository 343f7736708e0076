/** The schema of `prefix_disambiguation` in config.json, which has no flags. */
import * as v from 'valibot';

const PREFIX = 'as a prefix: one letter, or "" for names without one';
const VALUE = 'a value of the discriminator field, or "*"';

export const prefixDisambiguation = v.optional(
  v.pipe(
    v.object(
      {
        enabled: v.optional(v.boolean('true or false'), false),
        discriminator_field: v.optional(
          v.pipe(v.string(), v.regex(/^(?:[_A-Za-z]\w*)?$/, 'the name of a field of Observation')),
          '',
        ),
        /** Letter before the digits ('' for none) to value of the discriminator; `*` is any value no other prefix names. */
        prefixes: v.optional(
          v.record(
            v.pipe(v.string(), v.regex(/^\p{L}?$/u, PREFIX)),
            v.pipe(v.string(VALUE), v.nonEmpty(VALUE)),
            'an object { "letter": "value" }',
          ),
          {},
        ),
      },
      'an object { … }',
    ),
    v.forward(
      v.check(
        ({ enabled, discriminator_field }) => !enabled || discriminator_field !== '',
        'the name of a field of Observation, since prefix_disambiguation is enabled',
      ),
      ['discriminator_field'],
    ),
    v.forward(
      v.check(
        ({ enabled, prefixes }) => !enabled || Object.keys(prefixes).length > 0,
        'at least one prefix, since prefix_disambiguation is enabled',
      ),
      ['prefixes'],
    ),
    v.forward(
      v.check(
        ({ prefixes }) => Object.values(prefixes).filter(value => value === '*').length < 2,
        '"*" for one prefix at most: two of them would choose the same observations',
      ),
      ['prefixes'],
    ),
  ),
  {},
);
