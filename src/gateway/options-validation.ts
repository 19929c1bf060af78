/** The keys under `validation:`. */
export const validationSchema = {
  type: 'object',
  description: 'What of a request message is held before an upstream is called; see validation.md.',
  default: {},
  properties: {
    protovalidate: {
      type: 'boolean',
      default: false,
      description: 'The rules of `buf.validate`: of fields, oneofs and messages, in CEL too.',
    },
    fieldBehavior: {
      type: 'boolean',
      default: false,
      description: 'That fields are set which `google.api.field_behavior` calls REQUIRED.',
    },
    fieldInfo: {
      type: 'boolean',
      default: false,
      description: 'The formats of `google.api.field_info`: UUID4, IPV4, IPV6, IPV4_OR_IPV6.',
    },
  },
} as const;
