import { expect } from 'chai';
import { readAmplifyOutputs } from '../../src/config/amplify-outputs.ts';
import type { ConfigError } from '../../src/config/error.ts';
import { rejection, useScratch } from './scratch.ts';

const MEDIA_PATHS = { 'media/*': { groupsADMINS: ['get', 'list', 'write', 'delete'] } };

/** What a Gen 2 project with auth, data and storage generates. */
const OUTPUTS = {
  version: '1.4',
  auth: {
    user_pool_id: 'eu-west-1_AbCdEfGhI',
    aws_region: 'eu-west-1',
    user_pool_client_id: '1abcdefghijklmnopqrstuvwxy',
    identity_pool_id: 'eu-west-1:01234567-89ab-cdef-0123-456789abcdef',
    mfa_methods: [],
    standard_required_attributes: ['email'],
    username_attributes: ['email'],
    groups: [{ ADMINS: { precedence: 0 } }],
    unauthenticated_identities_enabled: true,
  },
  data: {
    url: 'https://abc.appsync-api.eu-west-1.amazonaws.com/graphql',
    aws_region: 'eu-west-1',
    default_authorization_type: 'AMAZON_COGNITO_USER_POOLS',
    authorization_types: ['AWS_IAM'],
    model_introspection: { version: 1, models: {} },
  },
  storage: {
    aws_region: 'eu-west-1',
    bucket_name: 'amplify-app-media',
    buckets: [
      { name: 'media', bucket_name: 'amplify-app-media', aws_region: 'eu-west-1', paths: MEDIA_PATHS },
    ],
  },
};

const BACKUP = { name: 'backup', bucket_name: 'amplify-app-backup', aws_region: 'eu-west-1', paths: {} };

describe('reading amplify_outputs.json', () => {
  const scratch = useScratch();
  const read = async (content: unknown, options: Parameters<typeof readAmplifyOutputs>[1] = {}) =>
    readAmplifyOutputs(await scratch.put('amplify_outputs.json', content), options);
  const refusal = (...args: Parameters<typeof read>) => rejection<ConfigError>(read(...args));
  const withBuckets = (...buckets: unknown[]) => ({ ...OUTPUTS, storage: { ...OUTPUTS.storage, buckets } });

  it('finds region, pools, client, endpoint and bucket', async () => {
    expect(await read(OUTPUTS)).to.deep.equal({
      warnings: [],
      values: {
        'aws.region': 'eu-west-1',
        'aws.cognito.user_pool_id': 'eu-west-1_AbCdEfGhI',
        'aws.cognito.client_id': '1abcdefghijklmnopqrstuvwxy',
        'aws.cognito.identity_pool_id': 'eu-west-1:01234567-89ab-cdef-0123-456789abcdef',
        'aws.amplify.api_endpoint': 'https://abc.appsync-api.eu-west-1.amazonaws.com/graphql',
        'aws.amplify.storage_bucket': 'amplify-app-media',
        'aws.amplify.storage_region': '',
      },
    });
  });

  it('reads schema 1, which knows one bucket without paths and no groups’ precedence', async () => {
    const { values, warnings } = await read({
      ...OUTPUTS,
      version: '1',
      auth: { ...OUTPUTS.auth, groups: ['ADMINS'] },
      storage: { aws_region: 'eu-west-1', bucket_name: 'amplify-app-media' },
    });
    expect(values['aws.amplify.storage_bucket']).to.equal('amplify-app-media');
    expect(warnings).to.deep.equal([]);
  });

  it('takes the only bucket of several that has a path under media/', async () => {
    const { values } = await read(withBuckets(BACKUP, OUTPUTS.storage.buckets[0]));
    expect(values['aws.amplify.storage_bucket']).to.equal('amplify-app-media');
  });

  it('lists the buckets when it is not clear which one holds the media', async () => {
    const { message, remedy, exitCode } = await refusal(withBuckets(BACKUP, { ...BACKUP, name: 'other' }));
    expect(message).to.contain('backup (amplify-app-backup), other (amplify-app-backup)');
    expect(remedy).to.contain('--bucket-name');
    expect(exitCode).to.equal(2);
  });

  it('takes the bucket that is named, by either of its names', async () => {
    const outputs = withBuckets(BACKUP, OUTPUTS.storage.buckets[0]);
    for (const bucketName of ['backup', 'amplify-app-backup']) {
      const { values, warnings } = await read(outputs, { bucketName });
      expect(values['aws.amplify.storage_bucket']).to.equal('amplify-app-backup');
      expect(warnings.join()).to.contain('no access rule for media/*');
    }
    expect((await refusal(outputs, { bucketName: 'nope' })).message).to.contain('has no bucket nope');
  });

  it('takes the region of the bucket that is chosen, where it is not that of the user pool', async () => {
    const rule = (actions: string[]) => ({ 'media/*': { groupsADMINS: actions } });
    const near = { name: 'near', bucket_name: 'near-bucket', paths: rule(['get']) };
    const far = { name: 'far', bucket_name: 'far-bucket', aws_region: 'ap-south-2', paths: rule(['write']) };
    const outputs = {
      ...OUTPUTS,
      storage: { aws_region: 'eu-central-1', bucket_name: 'near-bucket', buckets: [near, far] },
    };
    const place = async (options?: Parameters<typeof readAmplifyOutputs>[1]) => {
      const { values, warnings } = await read(outputs, options);
      expect([warnings, values['aws.region']]).to.deep.equal([[], 'eu-west-1']);
      return [values['aws.amplify.storage_bucket'], values['aws.amplify.storage_region']];
    };
    expect(await place()).to.deep.equal(['far-bucket', 'ap-south-2']);
    expect(await place({ bucketName: 'near' })).to.deep.equal(['near-bucket', 'eu-central-1']);
    expect(await place({ knownBucket: 'far-bucket' })).to.deep.equal(['far-bucket', 'ap-south-2']);
  });

  it('finds the group that may write, if it is not ADMINS', async () => {
    const paths = {
      'media/*': { authenticated: ['get'], groupsVIEWERS: ['get'], groupsCURATORS: ['get', 'write'] },
    };
    const { values } = await read(withBuckets({ ...OUTPUTS.storage.buckets[0], paths }));
    expect(values['aws.amplify.storage_group']).to.equal('CURATORS');
  });

  it('does not ask for a bucket that is known already', async () => {
    const { values } = await read(withBuckets(BACKUP, { ...BACKUP, name: 'other' }), {
      knownBucket: 'another',
    });
    expect(values).not.to.have.property('aws.amplify.storage_bucket');
  });

  it('warns when ADMINS is missing, and when the API takes no user pool tokens', async () => {
    const auth = { ...OUTPUTS.auth, groups: [{ EDITORS: {} }] };
    const data = { ...OUTPUTS.data, default_authorization_type: 'API_KEY' };
    const { warnings } = await read({ ...OUTPUTS, auth, data });
    expect(warnings).to.have.length(2);
    expect(warnings[0]).to.contain('ADMINS');
    expect(warnings[1]).to.contain('AMAZON_COGNITO_USER_POOLS');
    data.authorization_types = ['AMAZON_COGNITO_USER_POOLS'];
    expect((await read({ ...OUTPUTS, data })).warnings).to.deep.equal([]);
  });

  it('takes what a project without data and storage has, and says what is missing', async () => {
    const { values, warnings } = await read({ version: '1.1', auth: OUTPUTS.auth });
    expect(values).to.include.keys('aws.cognito.client_id').and.not.include.keys('aws.amplify.api_endpoint');
    expect(warnings).to.have.length(2);
  });

  it('warns of a version that it does not know', async () => {
    expect((await read({ ...OUTPUTS, version: '2' })).warnings[0]).to.contain('version 2');
  });

  it('refuses a value that cannot be right, and names the file', async () => {
    const { message } = await refusal({ ...OUTPUTS, data: { ...OUTPUTS.data, url: 'http://api.example' } });
    expect(message)
      .to.contain('amplify_outputs.json has a wrong value')
      .and.contain('aws.amplify.api_endpoint');
  });

  for (const [what, content, expected] of [
    ['a Gen 1 configuration', { aws_project_region: 'us-east-1', aws_user_pools_id: 'x' }, 'Gen 1'],
    ['a Gen 1 configuration of a mobile app', { auth: { plugins: { awsCognitoAuthPlugin: {} } } }, 'Gen 1'],
    ['parts without values', { auth: { user_pool_id: '' }, storage: {} }, 'is not an amplify_outputs.json'],
    ['some other JSON', { name: 'package' }, 'is not an amplify_outputs.json'],
    ['a list', [1], 'is not an amplify_outputs.json'],
    ['code', 'const awsmobile = {};', 'is not JSON: line 1, column 1'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { message, remedy } = await refusal(content);
      expect(message).to.contain(expected);
      expect(remedy).to.contain('amplify_outputs.json');
    });
  }
});
