/** How an Amplify project calls what the tool reads and writes: model names, fields and the operations made from them. */
export interface Models {
  observation: {
    name: string;
    sequentialId: string;
    /** Query that lists the model, page by page. */
    listQuery: string;
  };
  media: {
    name: string;
    getQuery: string;
    createMutation: string;
    createInput: string;
  };
}

/** The MECO project's, as Amplify generates them from its models. */
export const DEFAULT_MODELS: Models = {
  observation: { name: 'Observation', sequentialId: 'sequentialId', listQuery: 'listObservations' },
  media: {
    name: 'Media',
    getQuery: 'getMedia',
    createMutation: 'createMedia',
    createInput: 'CreateMediaInput',
  },
};
