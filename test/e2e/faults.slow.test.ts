import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { everyFieldFails } from '../chaos/fault-tools.ts';
import type { Intercept, Service } from '../cloud/service.ts';
import {
  always,
  answer,
  appSyncRefusal,
  awsRefusal,
  driveRefusal,
  inject,
  s3Refusal,
  times,
} from '../faults.ts';
import { CERTIFICATE, KEY } from '../http/localhost-certificate.ts';
import { type Home, meter, Sandbox, statuses, total } from './sandbox.ts';

const FILES = 12;
const IDS = Array.from({ length: 20 }, (_, index) => index + 1);
const ROBOT_PAGE =
  "<!DOCTYPE html><html><head><title>Sorry...</title></head><body>We're sorry... but your computer or network may be sending automated queries. To protect our users, we can't process your request right now.</body></html>";

describe('A fault that meets every file', () => {
  const sandbox = Sandbox.forEach();
  let home: Home;
  let folderId: string;
  beforeEach(async () => {
    home = await sandbox.home({ migration: { concurrency: 2 } });
    const names = Array.from({ length: FILES }, (_, index) => `${index + 1}.jpg`);
    folderId = sandbox.seed(
      Object.fromEntries(names.map(name => [name, `picture ${name}`])),
      names.map((_, index) => index + 1),
    );
  });

  const migrate = (env: Record<string, string> = {}) =>
    home.migrator(['migrate', '--folder-id', folderId], { env });

  const expectResumed = async () => {
    const { drive, s3, appSync } = sandbox.cloud;
    for (const { service } of [drive, s3, appSync]) service.intercept = null;
    await home.exits(0, ['resume', '--folder-id', folderId]);
    expect(statuses(home.manifest(folderId, 'link').filter(onlyLast))).to.deep.equal({ completed: FILES });
    expect(sandbox.cloud.appSync.media.size).to.equal(FILES);
  };

  const cases: [what: string, inject: () => void, says: RegExp][] = [
    [
      'a disabled key of the bucket',
      () => always(sandbox.cloud.s3.service, /^PUT/, s3Refusal(400, 'KMS.DisabledException')),
      /KMS key/,
    ],
    [
      "Google's page for automated queries",
      () =>
        always(
          sandbox.cloud.drive.service,
          /alt=media/,
          answer(403, ROBOT_PAGE, { 'content-type': 'text/html; charset=UTF-8' }),
        ),
      /automated traffic.*queries_per_second/s,
    ],
    [
      'a data service whose table refuses every record',
      () =>
        always(
          sandbox.cloud.appSync.service,
          /POST/,
          whenStored(sandbox, everyFieldFails('MappingTemplate')),
        ),
      /AppSync refused the media record/,
    ],
  ];
  for (const [what, begin, says] of cases) {
    it(`(${what}) stops the run with its reason, and "resume" goes on when it is over`, async () => {
      begin();
      const count = meter(sandbox.cloud);
      const { code, stderr } = await migrate();
      expect(code, stderr).to.equal(1);
      expect(stderr, stderr)
        .to.match(says)
        .and.to.include('migrator resume')
        .and.not.match(/temporary|passing/);
      if (!what.startsWith('a data service')) {
        expect(count()['drive files.download']).to.be.at.most(8);
        expect(home.manifest(folderId, 'transfer').length).to.be.at.most(8);
      }
      await expectResumed();
    });
  }

  it('says nothing about all others when Drive forbids one file after the other', async () => {
    always(sandbox.cloud.drive.service, /alt=media/, driveRefusal(403, 'cannotDownloadFile'));
    const { code, stderr } = await migrate();
    expect(code, stderr).to.equal(3);
    expect(statuses(home.manifest(folderId, 'transfer'))).to.deep.equal({ needs_review: FILES });
  });

  describe('(a certificate that is not trusted)', () => {
    let server: Server;
    let address: string;
    before(done => {
      server = createServer({ key: KEY, cert: CERTIFICATE }).listen(0, '127.0.0.1', done);
    });
    beforeEach(() => {
      address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(done => {
      server.close(done);
    });

    const services: [name: string, lead: () => Record<string, string>][] = [
      ['S3', () => ({ AWS_ENDPOINT_URL_S3: address })],
      ['the user pool', () => ({ AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: address })],
      ['the identity pool', () => ({ AWS_ENDPOINT_URL_COGNITO_IDENTITY: address })],
      ['AppSync', () => ({ AMPLIFY_API_ENDPOINT: `${address}/graphql` })],
      [
        "Google's token service",
        () => {
          const path = join(home.path, 'google_token.json');
          const token = JSON.parse(home.read('google_token.json')) as object;
          writeFileSync(path, JSON.stringify({ ...token, token_uri: `${address}/token` }));
          const client = JSON.parse(home.read('google_credentials.json')) as { installed: object };
          const installed = { ...client.installed, token_uri: `${address}/token` };
          writeFileSync(join(home.path, 'google_credentials.json'), JSON.stringify({ installed }));
          return {};
        },
      ],
      [
        'Drive',
        () => {
          home.edit(config => Object.assign(config.google_drive, { api_url: address }));
          return {};
        },
      ],
    ];
    for (const [name, lead] of services) {
      it(`of ${name}: stops at once, fails no file, and names the variable, in doctor as well`, async () => {
        const env = lead();
        rmSync(join(home.path, 'cognito_token.json'));
        const { code, stderr } = await migrate(env);
        expect(code, stderr).to.equal(1);
        expect(stderr).to.include('NODE_EXTRA_CA_CERTS').and.include('DEPTH_ZERO_SELF_SIGNED_CERT');
        expect(stderr).to.not.match(/\d+ {2}failed/);
        const doctor = await home.exits(1, ['doctor', '--folder-id', folderId], { env });
        expect(doctor.stdout).to.match(/FAILED .*\n.*NODE_EXTRA_CA_CERTS|FAILED .*NODE_EXTRA_CA_CERTS/);
      });
    }
  });
});

describe('Throttling', () => {
  const sandbox = Sandbox.forEach();

  it('by every service at once is waited out, through more refusals than there are retries', async () => {
    const home = await sandbox.home({ migration: { retry_attempts: 0 }, signedIn: false });
    const folderId = sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two' }, [1, 2]);
    const { drive, s3, appSync, userPool, identityPool } = sandbox.cloud;
    const json = { 'content-type': 'application/json' };
    inject(drive.service, /token/, times(2, answer(429, '{"error":"rate_limit_exceeded"}', json)));
    alsoInject(drive.service, /files/, times(3, driveRefusal(403, 'userRateLimitExceeded')));
    inject(s3.service, /PUT/, times(3, s3Refusal(503, 'SlowDown')));
    inject(appSync.service, /POST/, [
      ...times(2, appSyncRefusal(429, 'TooManyRequestsException')),
      ...times(2, everyFieldFails('DynamoDB:ThrottlingException')),
    ]);
    inject(userPool.service, /POST/, times(2, awsRefusal(400, 'TooManyRequestsException')));
    inject(identityPool.service, /POST/, times(2, awsRefusal(400, 'TooManyRequestsException')));
    const { stderr } = await home.exits(0, ['migrate', '--folder-id', folderId]);
    for (const service of ['Google sign-in', 'Google Drive', 'S3', 'AppSync', 'Cognito'])
      expect(
        stderr.match(new RegExp(`${service} is limiting the request rate`, 'g')),
        service,
      ).to.have.length(1);
    expect(appSync.media.size).to.equal(2);
  });

  it('that does not end stops the run when patience is used up; "resume" goes on', async () => {
    const home = await sandbox.home({ migration: { throttle_patience_minutes: 0.02 } });
    const folderId = sandbox.seed({ '1.jpg': 'one' }, [1]);
    const { appSync } = sandbox.cloud;
    always(appSync.service, /POST/, whenStored(sandbox, appSyncRefusal(429, 'TooManyRequestsException')));
    const { stderr } = await home.exits(1, ['migrate', '--folder-id', folderId]);
    expect(stderr)
      .to.include('AppSync is limiting the request rate')
      .and.include('throttle_patience_minutes');
    appSync.service.intercept = null;
    const count = meter(sandbox.cloud);
    await home.exits(0, ['resume', '--folder-id', folderId]);
    expect(total(count(), 's3'), 'nothing is uploaded again').to.equal(0);
  });
});

describe('An outage of the network', () => {
  const sandbox = Sandbox.forEach();

  it('is waited for: no file fails, although requests fail more often than they are retried', async () => {
    const home = await sandbox.home({ migration: { retry_attempts: 1, retry_delay_seconds: 0.01 } });
    const files = Object.fromEntries(IDS.map(id => [`${id}.jpg`, `picture ${id}`]));
    const folderId = sandbox.seed(files, IDS);
    const { drive, s3 } = sandbox.cloud;
    let resets = 0;
    const held: Socket[] = [];
    drive.service.intercept = ({ url, socket }) => {
      if (!url?.includes('alt=media') || s3.objects().length === 0 || resets >= 40) return false;
      resets += 1;
      held.push(socket);
      // The first ones fail together, as in an outage.
      if (resets >= 5) for (const each of held.splice(0)) each.destroy();
      return true;
    };
    const { stderr } = await home.exits(0, ['migrate', '--folder-id', folderId]);
    expect(resets).to.be.above(3);
    expect(stderr).to.match(/^Warning: Google Drive cannot be reached \(\w+\)\. Waiting and trying again/m);
    expect(s3.objects()).to.have.length(IDS.length);
  });
});

/** Once an object has been stored: all that is left to do for AppSync is to link. */
function whenStored({ cloud }: Sandbox, fault: Intercept): Intercept {
  return (request, response) =>
    cloud.s3.service.requests.has('PutObject') ? fault(request, response) : false;
}

/** Beside what has been injected already. */
function alsoInject(service: Service, pattern: RegExp, faults: Intercept[]): void {
  const first = service.intercept!;
  inject(service, pattern, faults);
  const second = service.intercept!;
  service.intercept = async (request, response) =>
    (await first(request, response)) || second(request, response);
}

function onlyLast(record: { id: string }, index: number, all: { id: string }[]): boolean {
  return all.findLastIndex(({ id }) => id === record.id) === index;
}
