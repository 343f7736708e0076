/** The generated filter and condition inputs, evaluated as the DynamoDB expressions that the resolvers make of them. */
import { AppSyncError } from './errors.ts';
import type { Item, Value } from './table.ts';

export type Filter = { [key: string]: unknown };

/** Whether an item passes. Several attributes, and several operators of one, must all hold. */
export function passes(item: Partial<Item>, filter: Filter | null | undefined): boolean {
  if (!filter) return true;
  return Object.entries(filter).every(([name, operand]) => {
    if (operand === null || operand === undefined) return true;
    if (name === 'and') return listOf(operand).every(part => passes(item, part));
    if (name === 'or') return listOf(operand).some(part => passes(item, part));
    if (name === 'not') return !passes(item, operand as Filter);
    return Object.entries(operand).every(([operator, expected]) => holds(item[name], operator, expected));
  });
}

// GraphQL takes a single value where a list is wanted, and coercion has wrapped it by now; null entries filter nothing.
const listOf = (operand: unknown): Filter[] => (operand as (Filter | null)[]).filter(part => part !== null);

function holds(actual: Value | undefined, operator: string, expected: unknown): boolean {
  if (operator === 'attributeExists') return (actual !== undefined) === expected;
  if (operator === 'attributeType') return actual !== undefined && typeNames[typeOf(actual)] === expected;
  if (operator === 'ne') return actual !== expected;
  if (operator === 'notContains') return actual === undefined || !contains(actual, expected);
  // An attribute that an item does not have meets no condition but the two above.
  if (actual === undefined) return false;
  switch (operator) {
    case 'eq':
      return actual === expected;
    case 'contains':
      return contains(actual, expected);
    case 'beginsWith':
      return typeof actual === 'string' && actual.startsWith(String(expected));
    case 'between':
      return between(actual, expected);
    case 'size':
      return (
        typeof actual === 'string' &&
        Object.entries(expected as Filter).every(([part, bound]) =>
          holds(Buffer.byteLength(actual), part, bound),
        )
      );
    default:
      return compares(actual, operator, expected as Value);
  }
}

function compares(actual: Value, operator: string, expected: Value): boolean {
  // DynamoDB compares within one type only.
  if (actual === null || expected === null || typeof actual !== typeof expected) return false;
  const order =
    typeof actual === 'string'
      ? Buffer.compare(Buffer.from(actual), Buffer.from(String(expected)))
      : Number(actual) - Number(expected);
  switch (operator) {
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
    default:
      throw new Error(`The schema has no operator ${operator}.`);
  }
}

function between(actual: Value, expected: unknown): boolean {
  const bounds = expected as Value[];
  if (bounds.length !== 2) {
    throw new AppSyncError('MappingTemplate', 'Argument to between must be a list of two elements.');
  }
  return compares(actual, 'ge', bounds[0]!) && compares(actual, 'le', bounds[1]!);
}

const contains = (actual: Value, expected: unknown) =>
  typeof actual === 'string' && actual.includes(String(expected));

const typeOf = (value: Value): string => (value === null ? 'null' : typeof value);
const typeNames: Record<string, string> = {
  null: '_null',
  string: 'string',
  number: 'number',
  boolean: 'bool',
};
