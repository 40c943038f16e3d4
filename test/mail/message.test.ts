import { describe, expect, it } from 'vitest';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import { readMail } from '../../src/mail/message.js';
import { emailQueueSettings } from '../../src/mail/queue-settings.js';

describe('the data of a queued mail', () => {
  it('is read with and without text', () => {
    const mail = { to: 'a@example.com', subject: 's', html: 'h' };
    expect(readMail(JSON.stringify(mail))).toEqual(mail);
    expect(readMail(JSON.stringify({ ...mail, text: null }))).toEqual(mail);
    expect(readMail(JSON.stringify({ ...mail, text: 't' }))).toEqual({ ...mail, text: 't' });
  });

  it.each([
    ['{', 'it is no JSON'],
    ['null', 'it is no object'],
    ['"x"', 'it is no object'],
    ['{}', "'to' must be a string; found undefined"],
    ['{"to":"a@b","subject":null,"html":"h"}', "'subject' must be a string; found null"],
    ['{"to":"a@b","subject":"s","html":"h","text":5}', "'text' must be a string or absent; found number"],
    ['{"to":"a@b\\n","subject":"s","html":"h"}', "Email field 'to' contains forbidden control characters — header injection rejected"],
  ])('is refused: %s', (data, text) => {
    expect(() => readMail(data)).toThrow(`Invalid email job data: ${text}`);
  });
});

describe('the settings of queued mails', () => {
  it('come from [email], and in the later generation from its queue', () => {
    const config = defaultCrapConfig(8);
    config.email = { ...config.email, queue_name: 'letters', queue_retries: 7, queue_timeout: 9, queue_concurrency: 2 };
    expect(emailQueueSettings(config, 8)).toEqual({ queue: 'letters', retries: 7, timeoutSeconds: 9, concurrency: 2 });
    const later = defaultCrapConfig(10);
    later.jobs.queues['email'] = { concurrency: 3, timeout: 4, retries: 0 };
    expect(emailQueueSettings(later, 10)).toEqual({ queue: 'email', retries: 0, timeoutSeconds: 4, concurrency: 3 });
  });
});
