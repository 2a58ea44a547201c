/* What certificate.c shows to tls.c. */
#ifndef WIRE_CERTIFICATE_PARTS_H
#define WIRE_CERTIFICATE_PARTS_H

#include "wire/certificate.h"

#include <openssl/x509.h>

struct certificate {
	X509 *own;
	STACK_OF(X509) * rest; /* of the chain; NULL where there is none */
	EVP_PKEY *key;
};

struct authority {
	X509_STORE *store;
	X509 *own;	   /* NULL if read from a file */
	EVP_PKEY *key; /* as that */
};

#endif
