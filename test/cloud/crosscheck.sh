#!/usr/bin/env bash
# Checks the local S3 with programs that this project did not write: awscli, s3cmd, rclone and curl. What is not installed is
# skipped, and said so. Needs a build (npm run build) and Node; everything happens on loopback and in a folder that is removed.
#
#   test/cloud/crosscheck.sh
#
# DIST            the build to start the service from (default: dist beside package.json)
# AWS             the awscli to use (default: aws)
# CLOUD_S3_URL    checks a service that runs already, as root of CLOUD_S3_BUCKET with AWS_ACCESS_KEY_ID and
#                 AWS_SECRET_ACCESS_KEY; what needs keys of other roles is then skipped
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dist=${DIST:-$here/../../dist}
aws=${AWS:-aws}
work=$(mktemp -d)
service_pid=
passed=0
failed=0

finish() {
  if [[ -n $service_pid ]]; then kill "$service_pid" 2>/dev/null || true; wait "$service_pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

ok() { passed=$((passed + 1)); printf '  ok      %s\n' "$1"; }
bad() { failed=$((failed + 1)); printf '  FAILED  %s\n' "$1"; sed 's/^/          /' "$work/out" | head -20; }

# it "what is expected" command...
it() {
  local what=$1; shift
  if "$@" >"$work/out" 2>&1; then ok "$what"; else bad "$what"; fi
}

# refused Code "what is expected" command...: the command has to fail and to name the code
refused() {
  local code=$1 what=$2; shift 2
  if "$@" >"$work/out" 2>&1; then bad "$what (was accepted)"
  elif grep -q -- "$code" "$work/out"; then ok "$what ($code)"
  else bad "$what (no $code)"; fi
}

same() { cmp "$1" "$2"; }

have() {
  if command -v "$1" >/dev/null; then
    printf '\n%s: %s\n' "$1" "$("$@" 2>&1 | head -1)"
  else
    printf '\n%s: NOT INSTALLED, skipped\n' "$1"
    return 1
  fi
}

# --- the service -----------------------------------------------------------------------------------------------------
admin_id= expired_id=
if [[ -n ${CLOUD_S3_URL:-} ]]; then
  url=$CLOUD_S3_URL bucket=${CLOUD_S3_BUCKET:?}
  root_id=${AWS_ACCESS_KEY_ID:?} root_secret=${AWS_SECRET_ACCESS_KEY:?}
else
  mkfifo "$work/ready" "$work/alive"
  # The service ends with its standard input, so it does not outlive this script however that ends.
  exec 3<>"$work/alive"
  node "$dist/test/cloud/s3/standalone.js" crosscheck <"$work/alive" >"$work/ready" 3>&- &
  service_pid=$!
  read -r described <"$work/ready"
  field() { node -p 'process.argv[2].split(".").reduce((o, k) => o[k], JSON.parse(process.argv[1]))' "$described" "$1"; }
  url=$(field url) bucket=$(field bucket)
  root_id=$(field root.accessKeyId) root_secret=$(field root.secretAccessKey)
  admin_id=$(field admins.accessKeyId) admin_secret=$(field admins.secretAccessKey)
  admin_token=$(field admins.sessionToken)
  expired_id=$(field expired.accessKeyId) expired_secret=$(field expired.secretAccessKey)
  expired_token=$(field expired.sessionToken)
fi
host=${url#http://}
printf 'service: %s, bucket %s\n' "$url" "$bucket"

export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' AWS_MAX_ATTEMPTS=1
export AWS_CONFIG_FILE=$work/aws.config AWS_SHARED_CREDENTIALS_FILE=$work/none
printf '[default]\ns3 =\n  addressing_style = path\n  signature_version = s3v4\n  multipart_threshold = 8MB\n  multipart_chunksize = 5MB\n' >"$AWS_CONFIG_FILE"
unset AWS_PROFILE AWS_CA_BUNDLE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3

as_root() { AWS_ACCESS_KEY_ID=$root_id AWS_SECRET_ACCESS_KEY=$root_secret "$@"; }
as_admin() { AWS_ACCESS_KEY_ID=$admin_id AWS_SECRET_ACCESS_KEY=$admin_secret AWS_SESSION_TOKEN=$admin_token "$@"; }
as_expired() { AWS_ACCESS_KEY_ID=$expired_id AWS_SECRET_ACCESS_KEY=$expired_secret AWS_SESSION_TOKEN=$expired_token "$@"; }

# --- files -----------------------------------------------------------------------------------------------------------
mkdir "$work/files" "$work/back" "$work/back/s3cmd-all"
head -c 100000 /dev/urandom >"$work/files/small.jpg"
head -c 23000001 /dev/urandom >"$work/files/large.mp4"
: >"$work/files/empty.gif"
printf 'x' >"$work/files/odd näme + 100% (1) 😀.png"
small=$work/files/small.jpg large=$work/files/large.mp4
md5_small=$(md5sum <"$small" | cut -d' ' -f1)
wrong_md5=$(printf 'other' | openssl dgst -md5 -binary | base64)

# --- awscli ----------------------------------------------------------------------------------------------------------
awscli() {
  local s3="$aws --endpoint-url $url s3" api="$aws --endpoint-url $url s3api"
  it 'lists buckets' as_root $s3 ls
  it 'puts a small file' as_root $s3 cp "$small" "s3://$bucket/media/small.jpg"
  as_root $api head-object --bucket "$bucket" --key media/small.jpg >"$work/head" 2>&1 || true
  it 'finds its MD5 as the ETag' grep -q "$md5_small" "$work/head"
  it 'puts a large file in parts' as_root $s3 cp "$large" "s3://$bucket/media/large.mp4"
  as_root $api head-object --bucket "$bucket" --key media/large.mp4 >"$work/head" 2>&1 || true
  it 'finds an ETag of five parts' grep -Eq '[0-9a-f]{32}-5' "$work/head"
  it 'gets the large file' as_root $s3 cp "s3://$bucket/media/large.mp4" "$work/back/large.mp4"
  it 'and it is the same' same "$large" "$work/back/large.mp4"
  it 'puts a stream of unknown length' bash -c "cat '$large' | AWS_ACCESS_KEY_ID=$root_id AWS_SECRET_ACCESS_KEY=$root_secret $s3 cp - 's3://$bucket/media/stream.mp4'"
  it 'syncs a folder with odd names' as_root $s3 sync "$work/files" "s3://$bucket/sync/"
  it 'syncs it back' as_root $s3 sync "s3://$bucket/sync/" "$work/back/sync"
  it 'and all is the same' diff -r "$work/files" "$work/back/sync"
  as_root $s3 sync "$work/files" "s3://$bucket/sync/" >"$work/again" 2>&1 || true
  it 'finds nothing to do the second time' test ! -s "$work/again"
  it 'lists page by page' as_root $api list-objects-v2 --bucket "$bucket" --page-size 2
  it 'copies within the bucket' as_root $s3 cp "s3://$bucket/media/small.jpg" "s3://$bucket/media/copy.jpg"
  it 'gets a range' as_root $api get-object --bucket "$bucket" --key media/small.jpg --range bytes=10-19 "$work/back/range"
  it 'and it is the right one' bash -c "cmp <(tail -c +11 '$small' | head -c 10) '$work/back/range'"
  for algorithm in CRC32 CRC32C SHA1 SHA256 CRC64NVME; do
    if as_root $api put-object --bucket "$bucket" --key media/sum --body "$small" --checksum-algorithm $algorithm >"$work/out" 2>&1; then
      ok "puts with a trailing or header checksum $algorithm"
    elif grep -Eqi 'Unknown options|invalid choice|Using .* requires|CRT|unsupported|Unable to calculate' "$work/out"; then
      printf '  --      this awscli cannot compute %s\n' "$algorithm"
    else bad "puts with checksum $algorithm"; fi
  done
  refused BadDigest 'another Content-MD5' as_root $api put-object --bucket "$bucket" --key media/no --body "$small" --content-md5 "$wrong_md5"
  refused BadDigest 'another SHA-256' as_root $api put-object --bucket "$bucket" --key media/no --body "$small" --checksum-sha256 "$(printf other | openssl dgst -sha256 -binary | base64)"
  refused '404' 'and nothing of them is there' as_root $api head-object --bucket "$bucket" --key media/no
  refused SignatureDoesNotMatch 'another secret' env AWS_ACCESS_KEY_ID="$root_id" AWS_SECRET_ACCESS_KEY=other $s3 ls "s3://$bucket"
  refused InvalidAccessKeyId 'an unknown key' env AWS_ACCESS_KEY_ID=AKIANOBODY AWS_SECRET_ACCESS_KEY=other $s3 ls "s3://$bucket"
  refused NoSuchBucket 'another bucket' as_root $s3 ls s3://other

  local upload etag
  upload=$(as_root $api create-multipart-upload --bucket "$bucket" --key media/parts --query UploadId --output text)
  head -c 5242880 "$large" >"$work/part"
  local part=(--bucket "$bucket" --key media/parts --upload-id "$upload")
  refused BadDigest 'a part with another Content-MD5' as_root $api upload-part "${part[@]}" --part-number 1 --body "$work/part" --content-md5 "$wrong_md5"
  etag=$(as_root $api upload-part "${part[@]}" --part-number 1 --body "$work/part" --query ETag --output text)
  as_root $api upload-part "${part[@]}" --part-number 2 --body "$small" >/dev/null
  refused InvalidPart 'a completion with a wrong ETag' as_root $api complete-multipart-upload "${part[@]}" --multipart-upload "{\"Parts\":[{\"PartNumber\":1,\"ETag\":$etag},{\"PartNumber\":2,\"ETag\":$etag}]}"
  refused InvalidPartOrder 'a completion in wrong order' as_root $api complete-multipart-upload "${part[@]}" --multipart-upload "{\"Parts\":[{\"PartNumber\":2,\"ETag\":\"$md5_small\"},{\"PartNumber\":1,\"ETag\":$etag}]}"
  it 'lists parts' as_root $api list-parts "${part[@]}"
  it 'lists uploads' bash -c "AWS_ACCESS_KEY_ID=$root_id AWS_SECRET_ACCESS_KEY=$root_secret $api list-multipart-uploads --bucket $bucket | grep -q media/parts"
  it 'aborts' as_root $api abort-multipart-upload "${part[@]}"

  if [[ -n $admin_id ]]; then
    it 'as ADMINS: puts a large file in parts' as_admin $s3 cp "$large" "s3://$bucket/media/admin.mp4"
    it 'as ADMINS: lists media/' as_admin $s3 ls "s3://$bucket/media/"
    refused AccessDenied 'as ADMINS: the whole bucket' as_admin $s3 ls "s3://$bucket"
    refused AccessDenied 'as ADMINS: another folder' as_admin $s3 cp "$small" "s3://$bucket/other/small.jpg"
    refused AccessDenied 'as ADMINS: tags' as_admin $api put-object-tagging --bucket "$bucket" --key media/small.jpg --tagging 'TagSet=[{Key=a,Value=b}]'
    refused 403 'as ADMINS: HEAD of what is not there' as_admin $api head-object --bucket "$bucket" --key media/none
    upload=$(as_admin $api create-multipart-upload --bucket "$bucket" --key media/parts --query UploadId --output text)
    refused AccessDenied 'as ADMINS: abort' as_admin $api abort-multipart-upload --bucket "$bucket" --key media/parts --upload-id "$upload"
    refused ExpiredToken 'expired keys' as_expired $s3 ls "s3://$bucket"
  fi
  it 'removes a folder' as_root $s3 rm --recursive "s3://$bucket/sync/"
}

# --- s3cmd -----------------------------------------------------------------------------------------------------------
s3cmd_checks() {
  local s3=(s3cmd --config /dev/null --access_key "$root_id" --host "$host" --host-bucket "$host" --no-ssl --region us-east-1 --no-progress)
  local secret=(--secret_key "$root_secret")
  it 'puts a small file' "${s3[@]}" "${secret[@]}" put "$small" "s3://$bucket/s3cmd/small.jpg"
  it 'puts a large file in parts' "${s3[@]}" "${secret[@]}" --multipart-chunk-size-mb=5 put "$large" "s3://$bucket/s3cmd/large.mp4"
  it 'gets the large file' "${s3[@]}" "${secret[@]}" get --force "s3://$bucket/s3cmd/large.mp4" "$work/back/s3cmd.mp4"
  it 'and it is the same' same "$large" "$work/back/s3cmd.mp4"
  it 'finds the MD5' bash -c '"${@:2}" | grep -q "$1"' - "$md5_small" "${s3[@]}" "${secret[@]}" ls --list-md5 "s3://$bucket/s3cmd/"
  it 'puts odd names' "${s3[@]}" "${secret[@]}" put --recursive "$work/files/" "s3://$bucket/s3cmd/all/"
  it 'gets them' "${s3[@]}" "${secret[@]}" get --recursive "s3://$bucket/s3cmd/all/" "$work/back/s3cmd-all/"
  it 'and all is the same' diff -r "$work/files" "$work/back/s3cmd-all"
  refused SignatureDoesNotMatch 'another secret' "${s3[@]}" --secret_key other ls "s3://$bucket"
  it 'deletes' "${s3[@]}" "${secret[@]}" del --recursive --force "s3://$bucket/s3cmd/"
  it 'and nothing is left' bash -c 'test -z "$("$@")"' - "${s3[@]}" "${secret[@]}" ls "s3://$bucket/s3cmd/"
}

# --- rclone ----------------------------------------------------------------------------------------------------------
rclone_checks() {
  local lists
  for lists in 1 2; do
    local name="lists version $lists" remote=":s3,provider=Other,list_version=$lists,access_key_id=$root_id,secret_access_key='$root_secret',region=us-east-1,endpoint='$url',force_path_style=true,upload_cutoff=5M,chunk_size=5M:$bucket/rclone-$lists"
    local rclone=(rclone --config "" --retries 1 --low-level-retries 1)
    it "$name: copies a folder, large files in parts" "${rclone[@]}" copy "$work/files" "$remote"
    it "$name: finds all as it was, by hash" "${rclone[@]}" check "$work/files" "$remote"
    it "$name: finds all as it was, by reading it" "${rclone[@]}" check --download "$work/files" "$remote"
    it "$name: streams a file of unknown length" bash -c 'cat "$1" | "${@:3}" rcat "$2/stream.mp4"' - "$large" "$remote" "${rclone[@]}"
    it "$name: moves a file within the bucket" "${rclone[@]}" moveto "$remote/stream.mp4" "$remote/moved.mp4"
    it "$name: and reads it" bash -c '"${@:3}" cat "$2/moved.mp4" | cmp - "$1"' - "$large" "$remote" "${rclone[@]}"
    refused SignatureDoesNotMatch "$name: another secret" "${rclone[@]}" lsf "${remote/"$root_secret"/other}"
    it "$name: removes it all" "${rclone[@]}" purge "$remote"
  done
}

# --- curl ------------------------------------------------------------------------------------------------------------
curl_checks() {
  local put=(curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:s3 --user "$root_id:$root_secret")
  local sum; sum=$(sha256sum <"$small" | cut -d' ' -f1)
  it 'puts with a signature of its own' "${put[@]}" -H "x-amz-content-sha256: $sum" -T "$small" "$url/$bucket/curl/small.jpg"
  it 'gets it' bash -c '"${@:2}" | cmp - "$1"' - "$small" "${put[@]}" -H "x-amz-content-sha256: $(sha256sum </dev/null | cut -d' ' -f1)" "$url/$bucket/curl/small.jpg"
  refused XAmzContentSHA256Mismatch 'another body than was signed' "${put[@]}" -H "x-amz-content-sha256: $sum" --data-binary other -X PUT "$url/$bucket/curl/no"
  refused MissingContentLength 'a body without a length' "${put[@]}" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -H 'Transfer-Encoding: chunked' -T "$small" "$url/$bucket/curl/no"
  # curl resolves names under .localhost by itself.
  it 'gets it by the name of the bucket as host' bash -c '"${@:2}" | cmp - "$1"' - "$small" "${put[@]}" -H "x-amz-content-sha256: $(sha256sum </dev/null | cut -d' ' -f1)" "http://$bucket.localhost:${host##*:}/curl/small.jpg"
  refused AccessDenied 'no signature' curl -sS --fail-with-body "$url/$bucket/curl/small.jpg"
  if command -v "$aws" >/dev/null; then
    local link; link=$(as_root $aws --endpoint-url "$url" s3 presign "s3://$bucket/curl/small.jpg" 2>/dev/null)
    it 'gets a link that awscli presigned' bash -c 'curl -sS --fail-with-body "$2" | cmp - "$1"' - "$small" "$link"
    refused SignatureDoesNotMatch 'the link for another file' curl -sS --fail-with-body "${link/small/large}"
    refused SignatureDoesNotMatch 'the link with a longer life' curl -sS --fail-with-body "${link/Expires=3600/Expires=36000}"
  fi
}

have "$aws" --version && awscli
have s3cmd --version && s3cmd_checks
have rclone --version && rclone_checks
have curl --version && curl_checks

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
