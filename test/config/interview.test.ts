import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { configPrompts } from '../../src/cli/ui/prompts.ts';
import { type ConfigPrompts, interview } from '../../src/config/interview.ts';
import { defaultConfig } from '../../src/config/settings.ts';
import { useScratch } from './scratch.ts';

const OUTPUTS = {
  version: '1.4',
  auth: {
    aws_region: 'eu-west-1',
    user_pool_id: 'eu-west-1_AbC',
    user_pool_client_id: 'client1',
    identity_pool_id: 'eu-west-1:0123',
    groups: ['ADMINS'],
  },
  data: {
    url: 'https://abc.appsync-api.eu-west-1.amazonaws.com/graphql',
    default_authorization_type: 'AMAZON_COGNITO_USER_POOLS',
  },
  storage: { aws_region: 'eu-west-1', bucket_name: 'amplify-media' },
};

describe('the questions of config', () => {
  const scratch = useScratch();
  let asked: string[];
  let told: string[];

  beforeEach(() => {
    asked = [];
    told = [];
  });

  /** Answers the questions that contain a word; Enter for the others. What `check` refuses is asked again. */
  const person = (answers: Record<string, string[]>): ConfigPrompts => ({
    tell: text => told.push(text),
    async text({ message, current, check }) {
      asked.push(message);
      const [, mine = []] = Object.entries(answers).find(([word]) => message.includes(word)) ?? [];
      while (true) {
        const answer = mine.shift() ?? current;
        const fault = await check(answer);
        if (fault === null) return answer;
        told.push(fault);
      }
    },
    choose: async ({ message, choices }) => {
      asked.push(message);
      const value = choices.at(-1)!.value;
      return value === 'yes' && !('Letters and values' in answers) ? 'keep' : value;
    },
  });

  it('say for each value where to find it, and take the present one by Enter', async () => {
    const config = defaultConfig();
    config.aws.region = 'us-east-1';
    const { values } = await interview(person({ 'E-mail address': ['a@example.com'] }), config);
    expect(values).to.deep.equal({ 'aws.cognito.username': 'a@example.com' });
    expect(asked).to.have.length(12);
    for (const question of asked.slice(0, -1)) expect(question).to.match(/\(.+\):$/);
  });

  it('ask only with the key of a service account for whom it acts', async () => {
    const key = await scratch.put('key.json', { type: 'service_account' });
    const answers = { 'credentials file': [key], 'service account acts': ['boss', 'boss@example.com'] };
    const { values } = await interview(person(answers), defaultConfig());
    expect(values).to.include({ 'google_drive.impersonate': 'boss@example.com' });
    expect(told).to.deep.equal(['Expected: the e-mail address of a user.']);
    expect(asked).to.have.length(13);
  });

  it('are only three after an amplify_outputs.json', async () => {
    const path = await scratch.put('amplify_outputs.json', OUTPUTS);
    const { values } = await interview(
      person({
        'amplify_outputs.json (e.g.': [path],
        'Drive folder': ['https://drive.google.com/drive/folders/1Ab'],
      }),
      defaultConfig(),
    );
    expect(asked).to.have.length(5);
    expect(values).to.include({
      'aws.region': 'eu-west-1',
      'aws.amplify.storage_bucket': 'amplify-media',
      'google_drive.folder_id': 'https://drive.google.com/drive/folders/1Ab',
    });
  });

  it('are asked again for a file that is none, with what is wrong with it', async () => {
    const bad = await scratch.put('other.json', { a: 1 });
    const good = await scratch.put('amplify_outputs.json', OUTPUTS);
    const prompts = person({ 'ampx generate': ['/nowhere.json'], nowhere: [bad], 'other.json': [good] });
    const { values } = await interview(prompts, defaultConfig());
    expect(asked[1]).to.contain('/nowhere.json does not exist');
    expect(asked[2]).to.contain('is not an amplify_outputs.json');
    expect(values).to.have.property('aws.region', 'eu-west-1');
  });

  it('let the person choose between buckets', async () => {
    const buckets = ['first', 'second'].map(name => ({ name, bucket_name: `bucket-${name}` }));
    const path = await scratch.put('outputs.json', { ...OUTPUTS, storage: { buckets } });
    const { values } = await interview(person({ 'amplify_outputs.json (e.g.': [path] }), defaultConfig());
    expect(values['aws.amplify.storage_bucket']).to.equal('bucket-second');
  });

  it('refuse an answer that cannot be right, and say what would be', async () => {
    const prompts = person({ 'AWS region': ['Ireland', 'eu-west-1'] });
    const { values } = await interview(prompts, defaultConfig());
    expect(told).to.deep.equal(['Expected: an AWS region like us-east-1.']);
    expect(values).to.deep.equal({ 'aws.region': 'eu-west-1' });
  });

  it('check a credentials file, an e-mail address and prefix rules at once', async () => {
    const web = await scratch.put('web.json', { web: {} });
    const desktop = await scratch.put('client.json', { installed: { client_id: 'a' } });
    const { values, prefixRules } = await interview(
      person({
        'credentials file': ['/nowhere.json', web, desktop],
        'E-mail address': ['admin', 'admin@example.com'],
        'names the data set': ['country id', 'countryId'],
        'Letters and values': ['EG', '=IL, E=EG, S=*'],
      }),
      defaultConfig(),
    );
    expect(told[0]).to.equal('/nowhere.json does not exist.');
    expect(told[1]).to.contain('web client');
    expect(told[2]).to.contain('e-mail');
    expect(told).to.have.length(5);
    expect(values['google_drive.credentials_path']).to.equal(desktop);
    expect(prefixRules).to.deep.equal({
      enabled: true,
      discriminator_field: 'countryId',
      prefixes: { '': 'IL', E: 'EG', S: '*' },
    });
  });

  it('work at a terminal', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    const answers = ['bad', '\b\b\bgood'];
    let shown = '';
    output.on('data', chunk => {
      shown += chunk;
      const ready = answers.length === 2 ? shown.includes('What is it?') : shown.includes('That is bad.');
      // The prompt listens only after it has drawn itself.
      if (ready && answers.length > 0) {
        const answer = answers.shift()!;
        setImmediate(() => input.write(`${answer}\r`));
      }
    });
    const prompts = configPrompts(() => {}, { input, output } as never);
    const check = (answer: string) => (answer === 'bad' ? 'That is bad.' : null);
    expect(await prompts.text({ message: 'What is it?', current: 'this', check })).to.equal('good');
    expect(shown).to.contain('this');
  });
});
